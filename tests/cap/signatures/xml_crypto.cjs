// Signs and verifies with npm's xml-crypto.
//   node xml_crypto.cjs sign FILE KEY CERTIFICATE PREFIX C14N
//   node xml_crypto.cjs verify FILE CERTIFICATE
const { readFileSync } = require("fs");
const { createRequire } = require("module");

const load = createRequire(`${process.env.MODULES}/node_modules/`);
const { SignedXml } = load("xml-crypto");
const { DOMParser } = load("@xmldom/xmldom");

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
const read = (path) => readFileSync(path, "utf8");

function sign(file, key, certificate, prefix, form) {
  const signer = new SignedXml({
    privateKey: read(key),
    publicCert: read(certificate),
    signatureAlgorithm: RSA,
    canonicalizationAlgorithm: form,
  });
  const transforms = [`${DSIG}enveloped-signature`, form];
  signer.addReference({ xpath: "/*", isEmptyUri: true, transforms, digestAlgorithm: SHA256 });
  signer.computeSignature(read(file), prefix ? { prefix } : {});
  return signer.getSignedXml();
}

function verify(file, certificate) {
  const text = read(file);
  const signature = new DOMParser().parseFromString(text).getElementsByTagNameNS(DSIG, "Signature").item(0);
  const verifier = new SignedXml({ publicCert: read(certificate), getCertFromKeyInfo: () => null });
  verifier.loadSignature(signature);
  try {
    return String(verifier.checkSignature(text));
  } catch (error) {
    return `false: ${error.message}`;
  }
}

const [, , action, ...parameters] = process.argv;
process.stdout.write({ sign, verify }[action](...parameters));
