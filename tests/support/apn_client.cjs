// Sends one notification to several iPhones with npm's @parse/node-apn and prints, as one JSON object, what was
// answered for each, and what it would send of the other notifications.
//   node apn_client.cjs '{"port": 443, "token": {...}, "devices": [...], "notifications": [{...}]}'
// `token` has the key, its id and its team; `notifications` are fields of its class, the first of which is sent.
const { createRequire } = require("module");

const load = createRequire(`${process.env.MODULES}/node_modules/`);
const apn = load("@parse/node-apn");

const { port, token, devices, notifications } = JSON.parse(process.argv[2]);
const [notification, ...others] = notifications.map((fields) => new apn.Notification(fields));
const provider = new apn.Provider({ token, production: true, address: "127.0.0.1", port });

provider.send(notification, devices).then(({ sent, failed }) => {
  const answers = Object.fromEntries(sent.map(({ device }) => [device, { status: 200 }]));
  for (const { device, status, response, error } of failed) {
    answers[device] = error ? { error: String(error) } : { status, ...response };
  }
  console.log(JSON.stringify({ answers, others: others.map((one) => JSON.parse(one.compile())) }));
  provider.shutdown();
});
