"""The documents give the source of each number of AWS: a link to docs/aws.md, which has the sources and their dates."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
FACTS = "docs/aws.md"
DOCUMENTS = ["README.md", "ARCHITECTURE.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]
DOCUMENTS.remove(FACTS)

# Parts of paragraphs, list items and table rows that name AWS and a number, and need no source, with the reason.
EXCEPTIONS = {}

# A block is about AWS if it names AWS or one of its services, or has a price.
AWS = re.compile(
    r"\b(?:AWS|Amazon|API Gateway|Cloud(?:Formation|Front|Trail|Watch)|Cognito|DynamoDB|EventBridge|IAM|KMS|Lambda|SES|SNS|"
    r"Service Quotas|X-Ray)\b|\bunits? (?:read|written)\b"
)
PRICE = re.compile(r"\bUSD\b|\bdollars?\b|\$ ?\d", re.IGNORECASE)

UNIT = r"(?:second|minute|hour|day|week|month|year|byte|unit|time|request|call|attempt|item|user|email|event)s?|[KMGT]i?B|ms|s"
WORD = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|hundred|thousand|million"
# Any number in digits, and one in words if a unit follows.
NUMBER = re.compile(rf"(?<![\w.,#-])\d[\d,.]*|\b(?:{WORD})(?:[ -](?:{UNIT})\b|(?= at once))", re.IGNORECASE)
# Numbers that are names and not amounts: statuses of HTTP, versions, standards, steps and dates.
NAME = re.compile(
    rf"\b[1-5]xx\b|(?<![\d.,])(?:20[0-4]|308|40[0-9]|41[0-5]|42[0-9]|50[0-4])\b(?![.,]\d| ?(?:{UNIT}|USD|%|a|at)\b)"
    r"|\b(?:versions?|OAuth|OpenAPI|Python|Node\.js|RFC|steps?) \d[\d.]*(?: (?:and|or|to) \d+)?|\bV[12]_0\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b",
    re.IGNORECASE,
)
LINK = re.compile(r"\]\((?:docs/)?aws\.md#[a-z0-9-]+\)")


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
    text = re.sub(r"`[^`]*`", "`", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\[\d{4}\]", "", text)
    return NUMBER.findall(NAME.sub("", text))


def needs_source(about, block):
    is_about_aws = AWS.search(f"{about} {block}") or PRICE.search(f"{about} {block}")
    return bool(is_about_aws and amounts(block) and not LINK.search(block))
