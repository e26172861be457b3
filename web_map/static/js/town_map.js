// A classic script: Folium's own script calls startTownMap by name.

/**
 * Draw a MapLibre style as one layer inside a Leaflet map.
 * @param {L.Map} map the Leaflet map that Folium has made
 * @param {object} style a MapLibre style without glyphs and sprite
 * @returns {L.Layer | null} null where the browser has no WebGL
 */
function startTownMap(map, style) {
  const probe = document.createElement("canvas");
  if (!probe.getContext("webgl2") && !probe.getContext("webgl")) {
    window.townMap = { map, layer: null };
    return null;
  }
  maplibregl.setWorkerUrl("/static/vendor/maplibre-gl/maplibre-gl-csp-worker.js");
  const layer = L.maplibreGL({
    style,
    interactive: false,
    padding: 0.05,
    fadeDuration: 0,
    // A page is printed from the canvas as it stands.
    canvasContextAttributes: { preserveDrawingBuffer: true },
    transformRequest: (url) => ({ url: new URL(url, window.location.origin).href }),
  });
  window.townMap = { map, layer };
  return layer;
}
window.startTownMap = startTownMap;
