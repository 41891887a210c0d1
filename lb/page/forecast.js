// Forecasts: of a pool's own history, or of a table that is uploaded.
import { html, useState } from "./vendor/preact.js";
import { upload } from "./api.js";
import { ForecastResult } from "./forecast_result.js";
import { list } from "./format.js";
import { Choice, Empty, Failed, Panel } from "./parts.js";
import { use_resource } from "./resource.js";
import { choose, use_route } from "./route.js";
import { use_store } from "./store.js";

const largest = 1024 * 1024; // bytes that the proxy takes

const format_words = "Or drop it here. The first line is time,value; times are Unix seconds or ISO dates; outages are left out or empty.";

async function read(file) {
  const size = Math.round(file.size / 1024);
  if (file.size > largest)
    throw new Error(`${file.name} has ${size} KiB; the proxy takes 1024 KiB at most. Leave out old rows, or make the steps longer.`);
  return file.text();
}

function Upload({ done }) {
  const [busy, set_busy] = useState(null);
  const [error, set_error] = useState(null);
  const take = async (file) => {
    if (!file) return;
    set_busy(file.name);
    set_error(null);
    try {
      done({ name: file.name, ...(await upload("api/v1/forecast", await read(file))) });
    } catch (failure) {
      set_error(failure);
    }
    set_busy(null);
  };
  const drop = (event) => (event.preventDefault(), take(event.dataTransfer.files[0]));
  return html`<div class="upload" onDragOver=${(e) => e.preventDefault()} onDrop=${drop}>
    <label>A CSV file with a time and a value per line <input type="file" accept=".csv,text/csv,text/plain"
      onChange=${(e) => take(e.target.files[0])} /></label>
    <p class="quiet">${busy ? `${busy} is being forecast ...` : format_words}</p>
    ${error && html`<${Failed} error=${error} />`}</div>`;
}

function PoolForecast({ pool }) {
  const { status, value, error } = use_resource(pool ? `api/v1/forecast?pool=${encodeURIComponent(pool)}` : null, 300);
  if (value && list(value.points).length) return html`<${ForecastResult} result=${value} />`;
  if (value) return html`<${Empty}>There is no forecast of ${pool} yet. ${value.note || ""}<//>`;
  if (!pool) return html`<${Empty}>No pool is configured.<//>`;
  if (status === "failed") return error.status === 404 ? html`<${Empty}>There is no forecast of ${pool} yet. ${error.message}<//>`
    : html`<${Failed} error=${error} />`;
  return html`<${Empty}>Loading ...<//>`;
}

export function ForecastView() {
  const { live } = use_store();
  const { params } = use_route();
  const [uploaded, set_uploaded] = useState(null);
  const pools = list(live.pools).map((p) => p.name);
  const pool = pools.includes(params.pool) ? params.pool : pools[0];
  const tools = pools.length > 1 && html`<${Choice} label="Pool" value=${pool} options=${pools.map((p) => [p, p])}
    onChange=${(p) => choose({ pool: p })} />`;
  return html`<${Panel} title="Forecast of the load" note=${pool ? `of ${pool}, from what was seen` : ""} tools=${tools}>
    <${PoolForecast} key=${pool} pool=${pool} /><//>
    <${Panel} title="Forecast of a file" note=${uploaded ? uploaded.name : "Nothing of it is kept"}><${Upload}
      done=${set_uploaded} />
      ${uploaded && html`<${ForecastResult} key=${uploaded.name} result=${uploaded} />`}<//>`;
}
