#!/usr/bin/env python3
"""Writes public-mailbox-domains.txt, the domains where anybody can have a mailbox.

It joins two maintained lists, fetched at pinned versions with npm and pip, and corrects them with
the lists below. The result depends only on this file. To refresh it, pin newer versions and run
the script: it prints the new checksums, and the corrections that are no longer needed.

    refresh-public-mailbox-domains.py           rewrite the file
    refresh-public-mailbox-domains.py --check   change nothing; exit 1 if the file is out of date
"""

import argparse
import ast
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).with_name("public-mailbox-domains.txt")


class Source(NamedTuple):
    client: str
    name: str
    version: str
    date: str
    sha256: str
    licence: str
    licence_file: str
    data_file: str


SOURCES = [
    # Free providers, from a list that marketing forms refuse, and disposable ones.
    Source(
        client="npm",
        name="free-email-domains",
        version="1.12.6",
        date="2026-09-23",
        sha256="700447871e728dca29f2bfaa86cc173602ec181771ce5b4c9e6b56a2671ba32f",
        licence="MIT",
        licence_file="package/LICENSE.md",
        data_file="package/domains.json",
    ),
    # Disposable providers, each entry reviewed by its maintainers.
    Source(
        client="pip",
        name="disposable-email-domains",
        version="0.0.293",
        date="2026-11-09",
        sha256="b03e29f3a810a012c200b944ce9ef52ce975da2ea63bcf50d08767bf9e225f8e",
        licence="MIT",
        licence_file="disposable_email_domains-0.0.293.dist-info/licenses/LICENSE.txt",
        data_file="disposable_email_domains/__init__.py",
    ),
]


def domains(text: str) -> set[str]:
    lines = (line for line in text.splitlines() if not line.strip().startswith("#"))
    return {domain for line in lines for domain in line.split()}


# Mailboxes for anybody that the sources lack.
ADD = domains(
    """
    # Forwarders that hide the real address.
    4wrd.cc 8alias.com 8shield.net addy.io addymail.com adguardmail.com aleeas.com anonaddy.com
    anonaddy.me burnermail.io cloaked.id dralias.com erine.email mailer.me mozmail.com
    passfwd.com passinbox.com passmail.com passmail.net private.icloud.com
    privaterelay.appleid.com relay.firefox.com silomails.com simplelogin.co simplelogin.com
    simplelogin.fr simplelogin.io slmail.me slmails.com spamgourmet.com use-startmail.com
    # Addresses of every account at a code host, and of every group at a host of groups.
    groups.io users.noreply.github.com users.noreply.gitlab.com
    # Providers that sell privacy.
    autistici.org countermail.com ctemplar.com disroot.org e.email elude.in etik.com hey.com
    hush.ai hushmail.me ik.me ikmail.com keemail.me kolabnow.com lavabit.com mac.hush.com mailbox.org mailo.com
    murena.io mykolab.com onionmail.org onmail.com pobox.com reagan.com riseup.net sdf.org
    skiff.com startmail.com systemli.org tuta.com tutamail.com tutanota.com vivaldi.net zoho.eu
    zoho.in zohomail.eu zohomail.in
    # National domains of the large providers.
    aol.es aol.it aol.jp asia.com games.com gmx.biz gmx.eu gmx.info gmx.org gmx.tm hotmail.at
    hotmail.cl hotmail.com.ar hotmail.com.mx live.com.my live.com.ph love.com lycos.at lycos.de
    lycos.nl mail2web.com myyahoo.com outlook.com.ar passport.com wow.com yahoo.bg yahoo.cl
    yahoo.com.pe yahoo.com.ua yahoo.com.ve yandex.az yandex.co.il yandex.com.am yandex.com.ge
    yandex.com.tr yandex.ee yandex.fr yandex.kg yandex.lt yandex.lv yandex.md yandex.tj
    yandex.tm yandex.uz
    # Portals.
    263.net 88.com blu.it dir.bg email.de empal.com globo.com globomail.com go2.pl goo.jp int.pl
    internet.ru net.hr ofir.dk oi.com.br ok.de one.lt online.ua passagen.se poste.it rambler.ua
    sina.com.cn vip.163.com vip.sohu.com vk.com volny.cz walla.com wo.cn xmail.ru ya.com
    youmail.dk zoznam.sk
    # Internet providers, for their customers.
    012.net.il a1.net airtelmail.in aliceadsl.fr bbox.fr belgacom.net bezeqint.net bredband.net
    bsnl.in btopenworld.com ca.rr.com carolina.rr.com cegetel.net centurylink.net chello.at
    ciudad.com.ar clix.pt club-internet.fr cogeco.ca comhem.se eastlink.ca elp.rr.com
    euskaltel.net ewe.net fastwebnet.it fibertel.com.ar flash.net forthnet.gr glocalnet.net
    hccnet.nl hispeed.ch hol.gr hot.rr.com hvc.rr.com iafrica.com inode.at jazztel.es
    kabelmail.de kabsi.at kc.rr.com kpnplanet.nl ma.rr.com magenta.de mail.telepac.pt
    maine.rr.com mediacombb.net movistar.es mts.net mweb.co.za neb.rr.com netcabo.pt
    netcologne.de netvision.net.il new.rr.com numericable.fr nvbell.net nyc.rr.com nycap.rr.com
    oh.rr.com ono.com optimum.net orange.net orcon.net.nz otenet.gr prodigy.net.mx proximus.be
    quickline.ch rochester.rr.com san.rr.com sasktel.net satx.rr.com saunalahti.fi sc.rr.com
    scarlet.be siol.net slingshot.co.nz socal.rr.com speedy.com.ar stny.rr.com stofanet.dk
    stx.rr.com suddenlink.net sunrise.ch superonline.com swipnet.se swissonline.ch sympatico.ca
    talktalk.net tdcadsl.dk tele2.se telia.com telkomsa.net telus.net tim.it tin.it tiscali.cz
    triad.rr.com ttmail.com twcny.rr.com utanet.at vodafone.co.nz vodafone.de vodafonemail.de
    vodamail.co.za voo.be vsnl.com vsnl.net wanadoo.co.uk wans.net zeelandnet.nl
    """
)

# Domains of the sources that are not public mailbox domains.
REMOVE = domains(
    """
    # Companies, media and schools. Only their own people have these addresses.
    about.com alibaba.com arcotronics.bg baudoinconsulting.com caere.it casablancaresort.com
    casino.com check.com clerk.com cntv.cn cox.com dailypioneer.com dnsmadeeasy.com
    doityourself.com earthcam.net easypost.com ecbsolutions.net eurosport.com facebook.com
    fishburne.org icmsconsultants.com joelonsoftware.com law.com mailinblack.com medscape.com
    name.com naplesnews.net nus.edu.sg oath.com onmilwaukee.com saudia.com space.com
    starbucks.com techspot.com test.com test.de toast.com toolsource.com unican.es
    violinmakers.co.uk
    # Hosts that send mail for a company, not for its users.
    amazonses.com bounces.amazon.com cable.comcast.com calendar-server.bounces.google.com
    doclist.bounces.google.com docs.google.com emailer.hubspot.com emails.incisivemedia.com
    facebookmail.com indeedemail.com message.myspace.com mlb.bounce.ed10.net
    playstation.sony.com plus.google.com postmaster.twitter.com reply.ticketmaster.com
    resource.calendar.google.com
    # Public suffixes, which are refused without the list.
    dyndns.org net.ua sakura.ne.jp za.com
    """
)

MUST_HAVE = domains(
    """
    126.com 163.com aol.com comcast.net daum.net docomo.ne.jp duck.com fastmail.com free.fr
    gmail.com gmx.at gmx.ch gmx.de gmx.net googlegroups.com googlemail.com guerrillamail.com
    hey.com
    hotmail.co.uk hotmail.com icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru
    mailinator.com me.com mozmail.com msn.com naver.com orange.fr outlook.com outlook.de pm.me
    private.icloud.com privaterelay.appleid.com proton.me protonmail.com qq.com rediffmail.com seznam.cz
    t-online.de tuta.com tutanota.com uol.com.br web.de wp.pl yahoo.co.jp yahoo.co.uk yahoo.com
    yahoo.de yandex.ru ymail.com yopmail.com zoho.com
    """
)

MUST_NOT_HAVE = domains(
    """
    accenture.com acme.com adobe.com alphabet.com amazon.com apple.com bbc.co.uk bosch.com
    cisco.com contoso.com deloitte.com example.com example.net example.org facebook.com
    github.com google.com harvard.edu hp.com ibm.com intel.com linkedin.com meta.com
    microsoft.com mit.edu netflix.com nvidia.com oracle.com salesforce.com samsung.com sap.com
    shopify.com siemens.com slack.com sony.com stanford.edu stripe.com tencent.com test.com
    toyota.com twitter.com volkswagen.de walmart.com
    """
)

# At least two labels of letters, digits and inner hyphens. The last label is not a number.
DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="change nothing, only compare")
    check = arguments.parse_args().check

    new = generate()
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if new == old:
        print(f"{TARGET.name} is up to date: {len(domains(new))} domains")
        return
    summary = difference(domains(old), domains(new))
    if check:
        sys.exit(f"{TARGET.name} is out of date: {summary}")
    TARGET.write_text(new, encoding="utf-8")
    print(f"{TARGET.name} is written: {summary}")


def generate() -> str:
    listed: set[str] = set()
    licences = []
    for source in SOURCES:
        with tempfile.TemporaryDirectory() as directory:
            archive = fetch(source, Path(directory))
            entries = parse(read(archive, source.data_file))
            licences.append((source, read(archive, source.licence_file)))
        listed |= {domain for entry in entries if (domain := normalise(entry))}
    kept = (listed | ADD) - REMOVE
    refuse_problems(
        {
            "not a domain": {domain for domain in ADD if normalise(domain) != domain},
            "added, but in the sources": ADD & listed,
            "removed, but not in the sources": REMOVE - listed,
            "missing": MUST_HAVE - kept,
            "wrongly listed": MUST_NOT_HAVE & kept,
        }
    )
    return "\n".join([*header(licences), *sorted(kept), ""])


def fetch(source: Source, directory: Path) -> Path:
    """Downloads a package, without running anything in it, and verifies its checksum."""
    if source.client == "npm":
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination"]
        command += [str(directory), f"{source.name}@{source.version}"]
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest"]
        command += [str(directory), f"{source.name}=={source.version}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (archive,) = directory.iterdir()
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    if sha256 != source.sha256:
        sys.exit(f"{source.name} {source.version} has the SHA-256 {sha256}, not {source.sha256}")
    return archive


def read(archive: Path, member: str) -> str:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member).decode()
    with tarfile.open(archive) as package:
        file = package.extractfile(member)
        assert file, f"{member} is not a file"
        return file.read().decode()


def parse(data: str) -> list[str]:
    """Reads a JSON array, or the set called `blocklist` of a Python module without running it."""
    if data.startswith("["):
        return json.loads(data)
    for statement in ast.parse(data).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="blocklist")], value=value):
                return sorted(ast.literal_eval(value))
    sys.exit("no `blocklist` in the Python module")


def normalise(entry: str) -> str | None:
    """The entry as Usher would store it; None if it is not a domain, or has a single label."""
    try:
        domain = entry.strip().lower().encode("idna").decode()
    except UnicodeError:
        return None
    return domain if DOMAIN.fullmatch(domain) else None


def refuse_problems(problems: dict[str, set[str]]) -> None:
    found = {problem: sorted(which) for problem, which in problems.items() if which}
    if found:
        sys.exit("\n".join(f"{problem}: {' '.join(which)}" for problem, which in found.items()))


def header(licences: list[tuple[Source, str]]) -> list[str]:
    lines = [
        "Domains where anybody can have a mailbox: free or disposable ones, forwarders, providers.",
        f"Written by {Path(__file__).name}, which also corrects the sources by hand. Do not edit.",
        f"As of {max(source.date for source in SOURCES)}, from:",
        *(f"- {it.client} {it.name} {it.version} ({it.licence})" for it in SOURCES),
    ]
    for source, text in licences:
        lines += ["", f"The licence of {source.name}:", "", *text.strip().splitlines()]
    return [f"# {line}".rstrip() for line in lines]


def difference(old: set[str], new: set[str]) -> str:
    """The number of added and of removed domains, with the first few of each."""

    def sample(some: set[str]) -> str:
        return " ".join(sorted(some)[:10]) + (" …" if len(some) > 10 else "")

    added, removed = new - old, old - new
    if not added and not removed:
        return "only the header differs"
    return f"\n  {len(added)} added: {sample(added)}\n  {len(removed)} removed: {sample(removed)}"


if __name__ == "__main__":
    main()
