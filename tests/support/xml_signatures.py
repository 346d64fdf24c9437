"""XML signatures of others: xmlsec1 from Debian, xml-crypto from npm."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.cap.signatures.signer import Signer
from tests.support.programs import npm_packages, program, run

NPM: Final = ("xml-crypto@6.3.2", "@xmldom/xmldom@0.8.15", "@xmldom/is-dom-node@1.0.1", "xpath@0.0.33")
SCRIPT: Final = Path(__file__).parents[1] / "cap" / "signatures" / "xml_crypto.cjs"


@dataclass(frozen=True)
class Others:
    """What others sign and verify, in a folder of the test's own, by default with this key."""

    home: Path
    signer: Signer

    def _keys(self, signer: Signer) -> tuple[Path, Path]:
        key, certificate = self.home / "key.pem", self.home / "certificate.pem"
        key.write_bytes(signer.key)
        certificate.write_bytes(signer.certificate)
        return key, certificate

    def _file(self, content: str | bytes) -> Path:
        path = self.home / "alert.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def xmlsec1_signs(self, document: str, signer: Signer | None = None) -> bytes:
        key, certificate = self._keys(signer or self.signer)
        command = [program("xmlsec1", "xmlsec1"), "--sign", "--privkey-pem", f"{key},{certificate}"]
        done = run([*command, self._file(document)])
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def xmlsec1_verifies(self, data: bytes, signer: Signer | None = None) -> bool:
        _, certificate = self._keys(signer or self.signer)
        command = [program("xmlsec1", "xmlsec1"), "--verify", "--pubkey-cert-pem", certificate]
        return run([*command, self._file(data)]).returncode == 0

    def xml_crypto_signs(self, document: str, prefix: str, form: str) -> bytes:
        return self._node("sign", self._file(document), *self._keys(self.signer), prefix, form)

    def xml_crypto_verifies(self, data: bytes, signer: Signer | None = None) -> bool:
        return self._node("verify", self._file(data), self._keys(signer or self.signer)[1]) == b"true"

    def _node(self, *arguments: Any) -> bytes:
        environment = {**os.environ, "MODULES": str(npm_packages(*NPM))}
        done = run([program("node", "nodejs"), SCRIPT, *arguments], env=environment)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout
