"""docs/events.md shows the templates in docs/events as they are."""

import re
import unittest
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


class EventTemplates(unittest.TestCase):
    def test_the_document_shows_each_template_as_it_is(self):
        shown = re.findall(r"(?ms)^```yaml\n(.*?)^```$", (DOCS / "events.md").read_text())
        files = [path.read_text() for path in DOCS.glob("events/*.yaml")]
        self.assertEqual(3, len(files))
        self.assertEqual(sorted(files), sorted(shown))


if __name__ == "__main__":
    unittest.main()
