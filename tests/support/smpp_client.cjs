// Sends texts with npm's smpp and prints, as one JSON object, what came back.
//   node smpp_client.cjs URL '{"bind": {...}, "texts": [{...}], "receipts": 2}'
// `texts` are submit_sm fields; `udh` is given in hexadecimal. `receipts`: how many to wait for.
const { createRequire } = require("module");

const load = createRequire(`${process.env.MODULES}/node_modules/`);
const smpp = load("smpp");

const [url, given] = process.argv.slice(2);
const { bind, texts, receipts } = JSON.parse(given);
const seen = { answers: [], receipts: [], enquired: null, unbound: null };

function fields({ udh, text, payload, ...others }) {
  const message = udh ? { udh: Buffer.from(udh, "hex"), message: text } : text;
  return payload ? { ...others, message_payload: payload } : { ...others, short_message: message };
}

function end(session) {
  session.enquire_link((pdu) => {
    seen.enquired = pdu.command_status;
    session.unbind((answer) => {
      seen.unbound = answer.command_status;
      session.close(() => console.log(JSON.stringify(seen)));
    });
  });
}

const session = smpp.connect(url, () => {
  session.bind_transceiver(bind, (pdu) => {
    seen.bound = pdu.command_status;
    if (pdu.command_status) return session.close(() => console.log(JSON.stringify(seen)));
    texts.forEach((text, number) =>
      session.submit_sm(fields(text), (answer) => {
        seen.answers[number] = { status: answer.command_status, id: answer.message_id };
        finished();
      }),
    );
  });
});

function finished() {
  const answered = Object.keys(seen.answers).length === texts.length;
  if (answered && seen.receipts.length === receipts) end(session);
}

session.on("deliver_sm", (pdu) => {
  const { short_message, receipted_message_id, message_state, esm_class } = pdu;
  seen.receipts.push({ text: short_message.message, id: receipted_message_id, state: message_state, esm_class });
  session.send(pdu.response());
  finished();
});
session.on("error", (error) => {
  console.log(JSON.stringify({ error: error.code || error.message }));
  process.exit(0);
});
