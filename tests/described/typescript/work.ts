// The work of a control centre and of an app, with `openapi-fetch` and the types that `openapi-typescript` makes.
// Arguments: the files of a CAP message, of its Cancel, and of one that nobody can read.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [message, cancel, broken] = process.argv.slice(2).map((file) => readFileSync(file, "utf-8"));
assert(message && cancel && broken);

function client(name: string) {
  return createClient<paths>({
    baseUrl: process.env["SERVICE"] ?? "",
    headers: { Authorization: `Bearer ${process.env[name]}` },
  });
}

// A CAP message goes out as it is: without this, `openapi-fetch` would make JSON of it.
const cap = (body: string) => ({
  body,
  bodySerializer: (text: string) => text,
  headers: { "Content-Type": "application/cap+xml" },
});

async function controlCentre() {
  const source = client("SOURCE_KEY");
  const preview = await source.POST("/v1/alerts/preview", cap(message!));
  assert.equal(preview.data?.reason, "first_notice");
  const accepted = await source.POST("/v1/alerts", cap(message!));
  assert(accepted.data);
  const severity: components["schemas"]["Severity"] = accepted.data.alert.severity;
  assert.equal(severity, "Severe");
  const id = accepted.data.alert.id;
  assert.equal(accepted.response.headers.get("Location"), `/v1/alerts/${id}`);
  const again = await source.POST("/v1/alerts", cap(message!));
  assert.equal(again.data?.repeated, true);
  const refused = await source.POST("/v1/alerts", cap(broken!));
  assert(refused.error);
  const status = await source.GET("/v1/alerts/{alert_id}", { params: { path: { alert_id: id } } });
  const listed = await source.GET("/v1/alerts", { params: { query: { limit: 5 } } });
  assert.deepEqual(listed.data?.alerts.map((one) => one.id), [id]);
  const shown = await source.GET("/v1/alerts/{alert_id}/cap", {
    params: { path: { alert_id: id } },
    parseAs: "text",
  });
  const ledger = await source.GET("/v1/alerts/{alert_id}/ledger", {
    params: { path: { alert_id: id } },
    parseAs: "text",
  });
  return {
    statuses: [accepted.response.status, again.response.status],
    municipalities: status.data?.municipalities.map((place) => place.ags),
    refused: [refused.error.type, refused.error.errors?.map((one) => one.code)],
    same_bytes: shown.data === message,
    ledger: ledger.data,
    alert: id,
  };
}

async function app(id: string) {
  const instance = client("INSTANCE_KEY");
  const before = await instance.GET("/v1/instance/alerts");
  const shown = await instance.GET("/v1/instance/alerts/{alert_id}/cap", {
    params: { path: { alert_id: id } },
    parseAs: "text",
  });
  const ended = await client("SOURCE_KEY").POST("/v1/alerts", cap(cancel!));
  assert.equal(ended.data?.alert.reason, "cancel");
  const after = await instance.GET("/v1/instance/alerts");
  const nothing = await instance.GET("/v1/instance/alerts/{alert_id}/cap", {
    params: { path: { alert_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" } },
    parseAs: "text",
  });
  return {
    in_force: before.data?.alerts.map((one) => one.id === id),
    same_bytes: shown.data === message,
    after: after.data?.alerts,
    nothing: nothing.error?.type,
  };
}

const centre = await controlCentre();
console.log(JSON.stringify({ centre, app: await app(centre.alert) }));
