#!/usr/bin/env python3
"""vouchd among hostile clients. Each attack of the table has a vouchd of its own, with short patience and few places. While it
runs, a good client's cached questions over UDP, TCP and TLS are answered (99 of 100 at the least); memory stays within what
the attack is allowed; whoever breaks the rules or dawdles is closed within ten seconds. Afterwards every descriptor has come
back and no processor time is spent on anything. All on loopback, each attack bounded in count and time.

    hostile_clients_test.py --vouchd FILE --lab FILE [unittest's words, such as -k rapid_reset]

Exit status 77 when attacks could not be tried, because this vouchd does not serve their transport or a tool is missing, and
all the rest went well; what it was is printed.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hostile_http2  # noqa: E402, F401  (each fills the table)
import hostile_quic  # noqa: E402, F401
import hostile_streams  # noqa: E402, F401
from hostile_kit import ATTACKS, Ended, Victim, Worse  # noqa: E402
from lab_kit import Skip  # noqa: E402
from transport_cases import Case, Skipped, main  # noqa: E402


class Hostile(Case):
    def endure(self, attack):
        """What is demanded is demanded within times. A machine that does other work may miss one, but not twice."""
        try:
            self.endure_once(attack)
        except Ended:
            raise
        except Worse as why:
            print(f"{attack.name} again, because: {why}", file=sys.stderr)
            self.endure_once(attack)

    def endure_once(self, attack):
        with Victim(self.options.vouchd, self.lab, self.folder, **attack.server) as victim:
            for transport in attack.needs:
                if not victim.serves(transport):
                    Skipped.note(f"attacks on {transport}: this vouchd does not serve it")
                    self.skipTest(f"{transport} is not served")
            try:
                victim.endure(attack)
            except Skip as why:
                Skipped.note(f"{attack.name}: {why}")
                self.skipTest(str(why))


for each in ATTACKS:
    setattr(Hostile, f"test_{each.name}", lambda self, attack=each: self.endure(attack))

if __name__ == "__main__":
    main(__doc__)
