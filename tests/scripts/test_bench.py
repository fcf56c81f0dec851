"""infra/bench/bench.py: its arithmetic, its table, and the requests that it reads. `make bench` runs the rest."""

import io
import unittest

from support import load

script = load("bench/bench")


class Percentiles(unittest.TestCase):
    def test_a_percentile_lies_between_two_values_if_need_be(self):
        self.assertEqual(script.percentile([4.0, 1.0, 3.0, 2.0], 0.5), 2.5)
        self.assertEqual(script.percentile([1.0, 2.0, 3.0], 0.5), 2.0)
        self.assertAlmostEqual(script.percentile(range(101), 0.99), 99.0)
        self.assertAlmostEqual(script.percentile([0.0, 10.0], 0.9), 9.0)

    def test_the_ends_are_the_least_and_the_greatest_value(self):
        self.assertEqual(script.percentile([7.0], 0.99), 7.0)
        self.assertEqual(script.percentile([3, 1, 2], 0), 1)
        self.assertEqual(script.percentile([3, 1, 2], 1), 3)

    def test_a_median_stands_between_the_quartiles(self):
        self.assertEqual(script.spread([5, 1, 4, 2, 3]), {"median": 3.0, "from": 2.0, "to": 4.0})


class Table(unittest.TestCase):
    def test_columns_are_aligned_and_numbers_are_on_the_right(self):
        rows = [{"what": "a", "count": 1_000, "ms": 0.5}, {"what": "longer", "count": 2, "ms": 123.4}]
        self.assertEqual(
            script.in_columns(rows),
            "what    count     ms\n"
            "a       1,000  0.500\n"
            "longer      2    123",
        )

    def test_a_figure_that_a_row_does_not_have_is_a_dash(self):
        self.assertEqual(script.in_columns([{"a": "x", "b": None}, {"a": "y", "c": 1.5}]), "a  b     c\nx  -     -\ny  -  1.50")

    def test_a_number_has_three_digits_that_matter(self):
        numbers = [0.0123, 1.234, 12.34, 123.4, 12_345.6, 12_345]
        self.assertEqual([script.shown(it) for it in numbers], ["0.012", "1.23", "12.3", "123", "12,346", "12,345"])


class Requests(unittest.TestCase):
    def test_a_body_comes_whole_or_in_chunks(self):
        whole = io.BytesIO(b"host: here\r\nContent-Length: 5\r\n\r\nhellomore")
        self.assertEqual((script.body(whole), whole.read()), (b"hello", b"more"))
        chunks = io.BytesIO(b"transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nmore")
        self.assertEqual((script.body(chunks), chunks.read()), (b"hello", b"more"))
        self.assertEqual(script.body(io.BytesIO(b"host: here\r\n\r\n")), b"")


class Sections(unittest.TestCase):
    def test_sections_are_chosen_by_name(self):
        self.assertEqual(script.chosen("http,start"), ["http", "start"])
        with self.assertRaises(script.argparse.ArgumentTypeError):
            script.chosen("cold")


if __name__ == "__main__":
    unittest.main()
