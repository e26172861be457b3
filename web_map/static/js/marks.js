/** The marks of plate states, drawn on canvas: colour and shape, the same as in lists and legend. */

const SIZE = 18;
const RATIO = 2;

/** @type {Record<string, (pen: CanvasRenderingContext2D) => void>} */
const DRAW = {
  draft(pen) {
    circle(pen, 6.2);
    pen.fillStyle = "#fff";
    pen.fill();
    pen.setLineDash([2.8, 2]);
    pen.lineWidth = 1.7;
    pen.strokeStyle = "#666";
    pen.stroke();
  },
  numbered(pen) {
    polygon(pen, [[9, 2.2], [15.8, 9], [9, 15.800], [2.2, 9]]);
    fill(pen, "#e69f00");
  },
  produced(pen) {
    polygon(pen, [[3.800, 3.800], [14.2, 3.800], [14.2, 14.2], [3.800, 14.2]]);
    fill(pen, "#56b4e9");
  },
  installed(pen) {
    circle(pen, 6.800);
    fill(pen, "#0072b2");
    pen.beginPath();
    pen.moveTo(5.900, 9.200);
    pen.lineTo(8.200, 11.400);
    pen.lineTo(12.200, 6.900);
    pen.lineWidth = 2;
    pen.lineCap = "round";
    pen.strokeStyle = "#fff";
    pen.stroke();
  },
  fault(pen) {
    polygon(pen, [[9, 2.4], [16, 15], [2, 15]]);
    fill(pen, "#d55e00");
  },
  certified(pen) {
    polygon(pen, [[9, 1.800], [15.200, 4.600], [15, 9.500], [12.500, 14], [9, 16.400], [5.500, 14], [3, 9.500], [2.800, 4.600]]);
    fill(pen, "#00664b");
    pen.beginPath();
    pen.moveTo(6, 9);
    pen.lineTo(8.300, 11.300);
    pen.lineTo(12.200, 6.700);
    pen.lineWidth = 2;
    pen.strokeStyle = "#fff";
    pen.stroke();
  },
  uncertified(pen) {
    circle(pen, 5.200);
    pen.fillStyle = "#fff";
    pen.fill();
    pen.lineWidth = 2.400;
    pen.strokeStyle = "#8a5a00";
    pen.stroke();
  },
};

/** The marks of streets, each colour in each shape, as their legend has them. */
export const STREETS = ["#0072b2", "#d55e00", "#009e73", "#b3568f", "#a07400", "#2b7fb8", "#7a3db8", "#5b5648"];
/** @type {((pen: CanvasRenderingContext2D) => void)[]} */
const SHAPES = [
  (pen) => circle(pen, 6.400),
  (pen) => polygon(pen, [[9, 2], [16, 9], [9, 16], [2, 9]]),
  (pen) => polygon(pen, [[3.500, 3.500], [14.500, 3.500], [14.500, 14.500], [3.500, 14.500]]),
  (pen) => polygon(pen, [[9, 2.400], [16, 15], [2, 15]]),
];
for (let number = 0; number < STREETS.length * SHAPES.length; number += 1) {
  DRAW[`street-${number}`] = (pen) => {
    SHAPES[Math.floor(number / STREETS.length)](pen);
    fill(pen, STREETS[number % STREETS.length]);
  };
}

/** @param {CanvasRenderingContext2D} pen @param {number} radius */
function circle(pen, radius) {
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, radius, 0, Math.PI * 2);
}

/** @param {CanvasRenderingContext2D} pen @param {number[][]} points */
function polygon(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.closePath();
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour a white rim keeps a mark apart from what lies below */
function fill(pen, colour) {
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  pen.strokeStyle = "#fff";
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

/** @param {any} gl the MapLibre map; draws each mark when a tile first asks for it */
export function serveMarks(gl) {
  gl.on("styleimagemissing", (/** @type {{id: string}} */ event) => {
    const draw = DRAW[event.id.replace("plate-", "")];
    if (!draw || gl.hasImage(event.id)) return;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE * RATIO;
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.scale(RATIO, RATIO);
    draw(pen);
    gl.addImage(event.id, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
  });
}
