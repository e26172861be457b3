"""The Chinese words of access: acts, decisions, reviews, disclosures; an unknown code stays as it is."""

import datetime as dt

from geo_registry.access.rules import ROLE_TITLES, Role
from web_map.words import china_time

CONFINED = {
    "password": ("请先改掉一次性密码", "在下面填写一次性密码和您自己的新密码，改好后即可使用各项功能。"),
    "second-factor": (
        "请先设置两步验证",
        "您的角色须用两步验证。按下面的步骤设置；已设置的，请退出后重新登录并填写验证码。",
    ),
    "review": (
        "紧急查看还没有复核",
        "上次紧急查看已过 24 小时。请联系所属站长或人口办复核，复核后即可恢复使用。",
    ),
}
FACTORS = {"none": "未设置", "due": "须设置", "set": "已设置"}
PASSWORDS = {"set": "已设置", "one-time": "一次性密码，待修改", "none": "无密码"}
FIELDS = {"name": "姓名", "birth": "出生年月", "id_number": "证件号码", "phone": "电话"}
REVIEW_KINDS = {
    "sample": ("随机抽取", "按 2 % 随机抽出的查看，请看目的、案号与对象是否相符。"),
    "limit": ("达到上限", "一小时内查看次数到了上限，之后的查看已被拒绝。"),
    "repeat": ("反复查看", "30 天内反复查看同一人或同一号码，超过 5 次。"),
    "walking": ("连续试号", "一小时内 5 次以上查的证件号码查无此人。"),
    "night": ("夜间查看", "22 时至次日 6 时之间有查看。"),
    "habit": ("异常增多", "当天的查看明显多于同一角色平日的次数。"),
    "emergency": ("紧急查看", "在辖区以外紧急查看，须在 24 小时内复核。"),
}
VERDICTS = {"justified": "属正当", "unclear": "尚不清楚", "unjustified": "不属正当"}
VERDICT_TONES = {"justified": "ok", "unclear": "line", "unjustified": "warning"}
ACTIONS = {
    "occupants": "查看住户",
    "dwellings": "以人找房",
    "person": "显示一项",
    "export": "生成提供文件",
    "subject": "本人查询报告",
    "name": "按姓名查找",
    "case": "打开登记案件",
    "check": "登记查重",
    "paper": "打印登记文书",
    "ledger": "查看登记台账",
    "permit": "居住证受理",
    "separation": "人户分离名单",
    "run": "人户分离核查",
    "duplicates": "重复人员",
    "lineage": "人员合并拆分",
    "declaration": "打开网上申报",
    "death": "打开死亡通知",
    "lineage-propose": "提出归并或拆分",
    "lineage-approved": "批准归并或拆分",
    "lineage-refused": "不批准归并或拆分",
    "lineage-undo": "撤销归并或拆分",
    "separation-decide": "认定人户分离",
    "separation-end": "终止人户分离认定",
    "issue-sheets": "发放编号登记表",
    "sheets-returned": "收回编号登记表",
    "sheets-verified": "核对编号登记表",
    "sheets-void": "作废编号登记表",
    "open-volume": "立卷",
    "bind-forms": "装订登记表",
    "close-volume": "封卷",
    "refer-permit": "居住证转办",
    "permit-accepted": "受理居住证",
    "permit-issued": "登记居住证签发",
    "permit-endorsed": "登记居住证签注",
    "permit-refused": "居住证不予办理",
    "case-open": "受理登记案件",
    "case-fill": "填写登记表",
    "case-drop": "登记表换人",
    "case-submit": "提交登记案件",
    "case-void": "作废登记案件",
    "case-take": "领办登记案件",
    "case-pass": "通过登记案件",
    "case-return": "退回登记案件",
    "sign-in": "登录",
    "sign-in-refused": "登录被拒",
    "sign-out": "退出",
    "second-factor": "再次验证",
    "change-password": "修改密码",
    "start-second-factor": "开始设置两步验证",
    "confirm-second-factor": "启用两步验证",
    "drop-second-factor": "停用两步验证",
    "add-account": "新增账号",
    "change-account": "修改账号",
    "disable-account": "停用账号",
    "enable-account": "启用账号",
    "reset-password": "重置密码",
    "reset-second-factor": "重置两步验证",
    "grant-area": "授权区域",
    "end-grant": "结束授权",
    "issue-token": "签发令牌",
    "end-session": "结束会话",
    "add-purpose": "新增目的",
    "change-purpose": "修改目的",
    "end-purpose": "停用目的",
    "review": "复核查看",
    "emergency": "紧急查看",
    "disclosure-request": "申请对外提供",
    "disclosure-approved": "同意对外提供",
    "disclosure-refused": "不同意对外提供",
    "disclosure-withdrawn": "撤回对外提供",
    "disclosure-file": "提供文件已生成",
    "declaration-confirmed": "申报转登记",
    "declaration-rejected": "退回申报",
    "death-confirmed": "死亡信息转注销",
    "death-rejected": "死亡信息不属实",
    "separation-open": "新开人户分离核对",
    "separation-close": "结束人户分离核对",
    "separation-find": "登记入户新见",
    "separation-settle": "填写核对结果",
    "hukou-refer": "转办无户口人员",
    "hukou-close": "办结无户口转办",
    "read-audit": "查阅审计",
    "export-audit": "导出审计",
    "prune": "清理审计",
    "refused": "访问被拒",
}
DECISIONS = {
    "granted": "已允许",
    "not-allowed": "角色不允许",
    "not-found": "无此对象或不在辖区",
    "purpose-required": "未说明目的",
    "purpose-unknown": "目的不存在",
    "purpose-not-allowed": "目的不允许",
    "case-required": "案号不符",
    "field-not-allowed": "内容不允许",
    "limit-reached": "达到上限",
    "session-ended": "会话失效",
    "account-confined": "账号待处理",
    "audit-unanchored": "锚定中断",
    "sign-in-failed": "账号或密码不对",
    "sign-in-throttled": "登录次数过多",
    "second-factor-required": "须验证码",
    "second-factor-wrong": "验证码不对",
    "justified": "属正当",
    "unclear": "尚不清楚",
    "unjustified": "不属正当",
}
OBJECTS = {
    "permit_referral": "居住证转办",
    "archive_volume": "档案卷",
    "form_sheet": "编号登记表",
    "building": "楼栋",
    "housing_unit": "户室",
    "person": "人员",
    "division": "区域",
    "disclosure": "对外提供",
    "account": "账号",
    "purpose": "查询目的",
    "look_review": "查看复核",
    "emergency": "紧急查看",
    "audit": "审计",
    "registration_case": "登记案件",
    "separation_run": "人户分离核查",
    "person_lineage": "人员合并拆分",
    "declaration": "网上申报",
    "death_notice": "死亡通知",
    "hukou_referral": "无户口转办",
    "route": "功能",
}
DISCLOSURE_STATES = {
    "requested": ("待审批", "info"),
    "approved": ("已批准，可生成", "ok"),
    "made": ("已生成", "ok"),
    "refused": ("未同意", "warning"),
    "withdrawn": ("已撤回", "line"),
}
JUDGEMENTS = {"approved": "同意", "refused": "不同意"}
# What stands in the note of an audit row; longer ones first.
_NOTES = {
    "password and code": "密码加验证码",
    "second factor": "两步验证",
    "password": "密码",
    "oidc": "统一认证",
    "subject": "统一认证标识",
    "limits": "查看上限",
    "whole": "全部辖区",
    " days": " 天",
    " to ": " 改为 ",
}
ANCHORS = {
    "fresh": ("锚定正常", "ok", "审计链头按时签名，存放在数据库之外。"),
    "late": (
        "锚定超时",
        "warning",
        "已超过提醒期限没有锚定。请检查服务是否正常运行；超过停用期限后，查看人员将暂停。",
    ),
    "stopped": (
        "锚定中断",
        "warning",
        "已超过停用期限，查看人员已暂停。请让服务恢复运行，或执行 geo-registry audit anchor。",
    ),
}


def moment(at: dt.datetime | str | None) -> str:
    """Return a moment by China's clock, whether it came as such or in JSON; a dash for none."""
    if not at:
        return "—"
    return china_time(dt.datetime.fromisoformat(at) if isinstance(at, str) else at)


def span(first: str | None, last: str | None) -> str:
    """Return a period of days: 2026-11-01 起, or 2026-11-01 至 2026-12-31."""
    return f"{first or ''} 至 {last}".strip() if last else f"{first} 起" if first else "—"


def note_words(action: str, note: str) -> str:
    """Return the note of an audit row in words, as far as it holds codes of ours."""
    if action == "review":
        return REVIEW_KINDS[note][0] if note in REVIEW_KINDS else note
    if action == "read-audit":
        return " ".join(ACTIONS.get(one) or DECISIONS.get(one) or one for one in note.split())
    if action in {"add-account", "change-account"}:
        for role in Role:
            note = note.replace(role.value, ROLE_TITLES[role])
    if action in {"sign-in", "change-account", "grant-area", "end-grant", "issue-token"}:
        for code, title in _NOTES.items():
            note = note.replace(code, title)
    return note
