"""The documents give the source of each number of AWS: a link to docs/aws.md, which has the sources and their dates."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
FACTS = "docs/aws.md"
DOCUMENTS = ["README.md", "ARCHITECTURE.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]
DOCUMENTS.remove(FACTS)
# Decisions may link to the page too. They say what was known when they were made, so nothing is missing there.
RECORDS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/adr/*.md"))

# Parts of paragraphs, list items and table rows that name AWS and a number, and need no source, with the reason.
CALCULATED = "calculated from the assumptions and prices beside it"
OWN = "a limit of Usher, not of AWS"
EXCEPTIONS = {
    "| units read |": CALCULATED,
    "| units written |": CALCULATED,
    "| units read a second, busiest hour |": CALCULATED,
    "| triggers at once, while DynamoDB hangs": CALCULATED,
    "| **Usher, a month** |": CALCULATED,
    "A trigger never fails a sign-up or a sign-in.": OWN,
    "even after three attempts": OWN,
}

# A block is about AWS if it names AWS or one of its services, or has a price.
AWS = re.compile(
    r"\b(?:ACM|AWS|Amazon|API Gateway|Cloud(?:Formation|Front|Trail|Watch)|CodeDeploy|Cognito|DynamoDB|EventBridge|"
    r"HTTP APIs?|IAM|KMS|Lambda|Route 53|S3|Service Quotas|SES|SNS|SQS|WAF|X-Ray)\b"
    r"|\buser pools?\b|\bunits? (?:read|written)\b"
)
PRICE = re.compile(r"\bUSD\b|\bdollars?\b|\$ ?\d", re.IGNORECASE)

UNIT = r"(?:second|minute|hour|day|week|month|year|byte|unit|time|request|call|attempt|item|user|email|event)s?|[KMGT]i?B|ms|s"
WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "dozen": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
    "thousand": 1_000, "million": 1_000_000,
}
# Any number in digits, and one in words if a unit follows.
NUMBER = re.compile(
    rf"(?<![\w.,#-])\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b(?=[ -](?:{UNIT})\b| at once)", re.IGNORECASE
)
# The words that can follow a status of HTTP. Before any other word, the same number is an amount.
BEHIND_A_STATUS = "and|are|as|by|for|from|has|have|if|in|is|means|or|to|until|when|with|without"
# Numbers that are names and not amounts: statuses of HTTP, versions, formats, standards, steps and dates.
NAME = re.compile(
    r"\b[1-5]xx\b"
    rf"|(?<![\d.,])(?:20[0-4]|308|4[01]\d|42\d|50[0-4])\b(?![.,]\d|%| (?!(?:{BEHIND_A_STATUS})\b)[A-Za-z%])"
    r"|\b(?:versions?|formats?|OAuth|OpenAPI|Python|Node\.js|RFC|Route|steps?) \d[\d.]*(?: (?:and|or|to) \d+)?|\bV[12]_0\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b",
    re.IGNORECASE,
)
LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./|docs/)?aws\.md#([a-z0-9-]+)\)")

# What stands in the column of sources instead of a link.
WITHOUT_LINK = ("not documented", "concluded from ", "measured by ")
TRIED = ("no", "emulator")


def blocks(text):
    """The paragraphs, list items and table rows of a document, without blocks of code. Each comes with the words above it
    that say what it is about: its heading, and for a list item the paragraph that introduces the list, for a table row the
    head of the table."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    heading = intro = head = ""
    block, is_item, fenced, code, blank = [], False, False, False, True
    for line in [*text.split("\n"), ""]:
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        code = line.startswith("    ") and (blank or code)
        if fenced or code:
            continue
        blank = not line
        item = re.match(r" *(?:[-*]|\d+\.) +", line)
        is_row = line.startswith("|")
        if block and (blank or item or is_row or line.startswith("#")):
            whole = " ".join(block)
            yield f"{heading} {intro if is_item else ''}", whole
            if not is_item:
                intro = whole if whole.endswith(":") else ""
            block, is_item = [], False
        if line.startswith("#"):
            heading, intro = line.lstrip("# "), ""
        elif is_row and not head:
            head = line
        elif is_row and not re.fullmatch(r"[|\s:-]+", line):
            yield f"{heading} {head}", line
        elif item:
            block, is_item = [line[item.end() :]], True
        elif line and not is_row:
            block.append(line.strip())
        if not is_row:
            head = ""


def amounts(text):
    """The numbers in a text that are not in code, not in the address of a link, and not names."""
    text = re.sub(r"`[^`]*[^`\d.,][^`]*`", "`", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\[\d{4}\]", "", text)
    found = NUMBER.findall(NAME.sub("", text))
    return {float(WORDS.get(number.lower()) or number.replace(",", "")) for number in found}


def needs_source(about, block):
    is_about_aws = AWS.search(f"{about} {block}") or PRICE.search(f"{about} {block}")
    return bool(is_about_aws and amounts(block) and not LINK.search(block))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def anchor(heading):
    """The anchor of a heading on GitHub."""
    return re.sub(r"[^\w -]", "", heading.strip()).replace(" ", "-").lower()


def sections(facts):
    """The rows of each section of the page, each as its cells, by the anchor of the section."""
    found = {}
    for section in re.split(r"^###? ", facts, flags=re.MULTILINE)[1:]:
        heading, text = section.split("\n", 1)
        rows = [line for line in text.split("\n") if line.startswith("|")]
        found[anchor(heading)] = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]
    return found


class SourcesTest(unittest.TestCase):
    maxDiff = None

    def test_each_number_of_aws_in_a_document_has_a_link_to_its_source(self):
        missing, used = [], set()
        for path in DOCUMENTS:
            for about, block in blocks(read(path)):
                if needs_source(about, block):
                    excepted = {part for part in EXCEPTIONS if part in block}
                    used |= excepted
                    if not excepted:
                        missing.append(f"{path}: {block}")
        self.assertEqual(missing, [], f"link each of these to its section of {FACTS}")
        self.assertEqual(set(EXCEPTIONS) - used, set(), "these exceptions are not needed any more")

    def test_a_number_in_a_link_stands_in_the_section_to_which_it_leads(self):
        facts = sections(read(FACTS))
        wrong = []
        for path in [*DOCUMENTS, *RECORDS]:
            for text, target in LINK.findall(read(path)):
                stated = amounts(" ".join(row[0] for row in facts.get(target, [])))
                wrong += [f"{path}: [{text}] leads to {target}, without {number:g}" for number in amounts(text) - stated]
        self.assertEqual(wrong, [])

    def test_each_section_of_statements_is_linked_from_a_document(self):
        used = {target for path in [*DOCUMENTS, *RECORDS] for _, target in LINK.findall(read(path))}
        facts = sections(read(FACTS))
        self.assertEqual({target for target, rows in facts.items() if rows} - used, set(), "no document needs these")
        self.assertEqual(used - set(facts), set(), f"{FACTS} has no such sections")

    def test_each_statement_has_a_source_a_date_and_says_whether_it_was_tried(self):
        facts = read(FACTS)
        addresses = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", facts, flags=re.MULTILINE))
        wrong, used = [], set()
        for target, rows in sections(facts).items():
            for row in rows:
                statement, source, date, tried = row if len(row) == 4 else (str(row), "", "", "")
                names = set() if source.startswith(WITHOUT_LINK) else set(re.findall(r"\[([^\]]+)\]", source)) or {source}
                used |= names
                if not names <= set(addresses) or not re.fullmatch(r"20\d\d-(?:0[1-9]|1[0-2])", date) or tried not in TRIED:
                    wrong.append(f"{target}: {statement}")
        self.assertEqual(wrong, [], "each needs a source, the month in which it was read, and whether it was tried")
        self.assertEqual(set(addresses) - used, set(), "these addresses are of no statement")
        self.assertEqual([address for address in addresses.values() if not address.startswith("https://")], [])


class RuleTest(unittest.TestCase):
    """What the rule finds and what it leaves out, on texts of its own."""

    def found(self, text):
        return [block for about, block in blocks(text) if needs_source(about, block)]

    def test_a_number_beside_a_name_of_aws_is_found_wherever_it_stands(self):
        for text in [
            "Lambda stops a function after 900 seconds.",
            "It waits.\nCognito waits\nfor five seconds.",
            "Each email costs 0.10 USD.",
            "Each email costs $0.10.",
            "- DynamoDB: 25 GB are free",
            "Lambda allows:\n\n- 900 seconds\n- a lot of memory",
            "| limit | value |\n| --- | --- |\n| time of a Lambda function | 900 s |",
            "| Lambda allows | value |\n| --- | --- |\n| time | 900 s |",
            "## Prices in USD\n\n| what | price |\n| --- | --- |\n| email | 0.10 |",
            "## Quotas of API Gateway\n\nA request may have 10 MB.",
            "CloudWatch keeps metrics for 15 months ([why](operations.md#logs)).",
            "AWS raises it to 500 requests.",
            "Cognito takes 200 sign-ins.",
            "Lambda charges 0.50 a GB, above 500 GB less.",
            "Lambda runs 1,000 at once.",
            "1. First.\n2. Lambda has 3 GB.",
            "Lambda stops a function after `900` seconds.",
            "A user pool has 40 million users.",
            "Lambda needs boto3 1.40.5.",
            "> A dozen calls of SES a second are free.",
        ]:
            self.assertEqual(len(self.found(text)), 1, text)

    def test_a_link_to_the_page_is_enough_and_names_and_code_are_no_numbers(self):
        for text in [
            "Lambda stops a function after [900 seconds](aws.md#time).",
            "Lambda stops a function after [900 seconds](docs/aws.md#time).",
            "Usher stops after 15 seconds.",
            "API Gateway answers 401, 403 and 404 by itself.",
            "Cognito answers with 5xx.",
            "After 429 from Cognito the answer is 503, or 502 with a code.",
            "Version 2 of the trigger of Cognito needs OAuth 2.0 and step 3.",
            "AWS's page of November 2026.",
            "Run `aws lambda get-account-settings --page-size 10` for Lambda.",
            "Lambda:\n\n    aws lambda wait 900\n",
            "Lambda:\n\n```\nwait 900\n```\n",
            "1. First.\n2. Lambda.",
            "[0018](adr/0018-a-record.md) says what Lambda does.",
            "Route 53 has the record.",
        ]:
            self.assertEqual(self.found(text), [], text)


if __name__ == "__main__":
    unittest.main()
