"""The root certificates that a function trusts first are those of Amazon Trust Services."""

import hashlib
import re
import ssl
import unittest
from pathlib import Path

ROOTS = Path(__file__).parents[2] / "shared/src/amazon_roots.pem"

# https://www.amazontrust.com/repository/
FINGERPRINTS = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}


class AmazonRoots(unittest.TestCase):
    def test_each_certificate_is_the_one_with_its_name(self):
        found = re.findall(r"# ([^\n]*)\n# SHA-256 [^\n]*\n(-----BEGIN.*?END CERTIFICATE-----)", ROOTS.read_text(), re.S)
        digests = {name: hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() for name, pem in found}
        self.assertEqual(FINGERPRINTS, digests)
        self.assertEqual(len(FINGERPRINTS), ROOTS.read_text().count("BEGIN CERTIFICATE"))


if __name__ == "__main__":
    unittest.main()
