// A classic script: Folium's own script calls startFigures by name.

/**
 * Draw figures above the town inside a Leaflet map. Styles come finished from the server; every text is set as text.
 * @param {L.Map} map the Leaflet map that Folium has made
 * @param {object} first the drawing that the page opens with
 */
function startFigures(map, first) {
  const HEIGHTS = { areas: 410, heat: 420, focus: 430, zones: 440, buildings: 450 };
  const panel = document.getElementById("map-panel");
  /** @type {Record<string, any>} */
  const renderers = {};
  /** @type {Record<string, any>} */
  const groups = {};
  for (const [name, height] of Object.entries(HEIGHTS)) {
    const pane = map.createPane(`figures-${name}`);
    pane.style.zIndex = String(height);
    renderers[name] = L.svg({ pane: `figures-${name}`, padding: 0.5 });
    groups[name] = L.layerGroup().addTo(map);
  }
  map.createPane("figures-labels").style.zIndex = "590";
  groups.labels = L.layerGroup().addTo(map);
  groups.flags = L.layerGroup().addTo(map);
  let key = "";
  let box = null;
  let styles = {};
  let areas = null;
  let hasFocusAreas = true;

  /** @param {string} name the pane that a layer is drawn in */
  const options = (name) => ({ pane: `figures-${name}`, renderer: renderers[name] });

  /** @param {{name: string, lines?: string[]} | null} about what the panel says; null empties it */
  function tell(about) {
    if (!panel) return;
    panel.hidden = !about;
    const [title, ...lines] = panel.children;
    title.textContent = about?.name ?? "";
    lines.forEach((line, at) => {
      line.textContent = about?.lines?.[at] ?? "";
    });
  }

  /** The chosen area, or nothing. */
  function rest() {
    tell(Object.values(styles).find((style) => style.isChosen) ?? null);
  }

  /** @param {string} href the page goes there */
  function go(href) {
    document.dispatchEvent(new CustomEvent("figures:go", { detail: href }));
  }

  function drawAreas(features, outlines) {
    groups.areas.clearLayers();
    const plain = { ...options("areas"), interactive: false, style: (feature) => feature.properties.style };
    groups.areas.addLayer(L.geoJSON(outlines, plain));
    areas = L.geoJSON(features, {
      ...options("areas"),
      onEachFeature: (feature, layer) => {
        const style = () => styles[feature.properties.id];
        layer.on({ mouseover: () => tell(style()), mouseout: rest, click: () => go(style().go) });
      },
    });
    groups.areas.addLayer(areas);
  }

  /** Give the areas the colours of this week and rate; the chosen one lies above its neighbours. */
  function paint() {
    areas?.eachLayer((layer) => {
      const style = styles[layer.feature.properties.id];
      layer.setStyle(style.style);
      if (style.isChosen) layer.bringToFront();
    });
  }

  function label(at, name, value) {
    const text = document.createElement("span");
    text.append(Object.assign(document.createElement("b"), { textContent: name }));
    if (value) text.append(document.createElement("br"), value);
    const icon = L.divIcon({ className: "figure-label", html: text, iconSize: null });
    return L.marker(at, { pane: "figures-labels", icon, interactive: false, keyboard: false });
  }

  function drawLabels() {
    groups.labels.clearLayers();
    areas?.eachLayer((layer) => {
      const { name, value, isChosen } = styles[layer.feature.properties.id];
      const [lon, lat] = layer.feature.properties.label ?? [];
      const at = lon === undefined ? layer.getBounds().getCenter() : L.latLng(lat, lon);
      const drawn = label(at, name, value);
      drawn.isChosen = isChosen;
      groups.labels.addLayer(drawn);
    });
    thin();
  }

  /** Where names would run into one another, the later ones make way; the chosen area's name stays. */
  function thin() {
    const placed = [];
    const labels = groups.labels.getLayers().sort((one, other) => Number(other.isChosen) - Number(one.isChosen));
    for (const each of labels) {
      const text = each.getElement()?.firstElementChild;
      if (!text) continue;
      text.hidden = false;
      const at = text.getBoundingClientRect();
      const isFree = placed.every(
        (other) => at.right < other.left || at.left > other.right || at.bottom < other.top || at.top > other.bottom,
      );
      text.hidden = !isFree;
      if (isFree) placed.push(at);
    }
  }

  function drawZones(zones) {
    groups.flags.clearLayers();
    for (const zone of zones) {
      const face = Object.assign(document.createElement("span"), { textContent: zone.number });
      const className = `zone-flag${zone.isPressing ? " is-pressing" : ""}${zone.isChosen ? " is-chosen" : ""}`;
      const icon = L.divIcon({ className, html: face, iconSize: [28, 28], iconAnchor: [3, 27] });
      const flag = L.marker([zone.lat, zone.lon], { icon, title: zone.name, alt: zone.name });
      groups.flags.addLayer(flag.on({ click: () => go(zone.go), keypress: (event) => {
        if (event.originalEvent.key === "Enter") go(zone.go);
      } }));
    }
  }

  function drawBuildings(buildings) {
    groups.buildings.clearLayers();
    for (const one of buildings) {
      const circle = L.circleMarker([one.lat, one.lon], { ...options("buildings"), radius: one.radius, ...one.style });
      circle.on({
        mouseover: () => tell(one),
        mouseout: rest,
        click: () => document.dispatchEvent(new CustomEvent("figures:building", { detail: one.id })),
      });
      circle.about = one;
      groups.buildings.addLayer(circle);
    }
  }

  function drawPlain(name, features) {
    groups[name].clearLayers();
    const drawn = L.geoJSON(features, {
      ...options(name), interactive: false, style: (feature) => feature.properties.style,
    });
    groups[name].addLayer(drawn);
  }

  function fit() {
    if (!map.getContainer().offsetWidth) return;
    map.invalidateSize({ pan: false });
    if (box) map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { padding: [16, 16], maxZoom: 18, animate: false });
    thin();
  }

  function draw(drawing) {
    const isElsewhere = drawing.key !== key;
    ({ key, styles } = drawing);
    if (drawing.areas) box = drawing.box;
    if (drawing.areas) drawAreas(drawing.areas, drawing.outlines);
    if (isElsewhere) fit();
    paint();
    drawPlain("heat", drawing.heat);
    drawPlain("focus", drawing.places.filter((place) => place.properties.kind === "focus"));
    drawPlain("zones", drawing.places.filter((place) => place.properties.kind === "zone"));
    drawZones(drawing.zones);
    drawBuildings(drawing.buildings);
    drawLabels();
    showFocusAreas(hasFocusAreas);
    rest();
  }

  function showFocusAreas(isShown) {
    hasFocusAreas = isShown;
    if (isShown) groups.focus.addTo(map);
    else groups.focus.remove();
  }

  /** @param {string} id tell about the building of a table row */
  function showBuilding(id) {
    const found = groups.buildings.getLayers().find((circle) => circle.about.id === id);
    if (!found) return;
    tell(found.about);
    map.panInside(found.getLatLng(), { padding: [40, 40] });
  }

  /** @param {string} id @returns {{x: number, y: number} | undefined} where the name of an area stands in the map */
  function at(id) {
    const layer = areas?.getLayers().find((one) => one.feature.properties.id === id);
    return layer && map.latLngToContainerPoint(layer.getBounds().getCenter());
  }

  map.on("zoomend", thin);
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = map.getContainer().querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  draw(first);
  const { layer } = window.townMap;
  if (layer) {
    layer.addTo(map);
    const gl = layer.getMaplibreMap();
    gl.once("idle", () => window.performance.mark("map-drawn"));
    gl.on("error", () => {});
  } else window.performance.mark("map-drawn");
  window.figures = { at, draw, fit, map, showBuilding, showFocusAreas, key: () => key };
}
window.startFigures = startFigures;
