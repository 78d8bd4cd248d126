#include "tests/lab/usage.h"

namespace vouch::lab {

const char* const kUsage = R"(NAME
    vouch-lab - the Internet in a box: signed zones, real servers, and faults on request, all on loopback

SYNOPSIS
    vouch-lab run   --dir DIR [--seed N] [--port P] [--big N] [--leaves N] [--hostile N] [--impair FILE] [--log FILE]
    vouch-lab build --dir DIR [--seed N] [--port P] [--big N] [--leaves N] [--hostile N]
    vouch-lab list  [--seed N] [--big N] [--leaves N] [--hostile N]
    vouch-lab ctl   --dir DIR COMMAND...
    vouch-lab --help

DESCRIPTION
    Builds a small Internet from code (a signed root, top-level domains with NSEC, NSEC3, opt-out and none, some
    hundred zones below them), signs it with ldns, serves it with NSD, and puts an authority of its own in front that
    can delay, lose, cut, forge and mangle. Nothing leaves the machine: all servers are addresses in 127.0.0.0/8 and
    ::1. No root is needed.

    Beside ordinary zones there is one broken zone for every reason a zone can give a validator to refuse it, such as
    rrsig-expired.nsec3., each with a sound twin of the same shape, ok-rrsig-expired.nsec3.

    A resolver under test takes root.hints and root.anchors from DIR, sends to port P instead of 53, and must accept
    servers on loopback.

COMMANDS
    run     Builds what is missing or about to expire, starts the servers, prints one line that begins with "ready",
            and stays until SIGINT or SIGTERM. Then every NSD it started has ended. What a lab that was killed left
            in DIR is cleaned up first.
    build   Builds the zones and ends.
    list    Prints every zone: its name, its kind, what it is, and questions with the verdict each should get.
    ctl     Speaks to the lab that runs in DIR, see CONTROL. Several commands may be given, each one argument.

OPTIONS
    --dir DIR      The lab's folder. Made if missing. One lab at a time may use it.
    --seed N       Where keys, salts and data addresses come from. Same seed, same names, addresses, keys and key tags
                   (ECDSA signatures differ from build to build; RSA keys are the test keys of tests/lab/keys).
                   Default 1.
    --port P       The port of all servers, UDP and TCP. Default 5301. 1 to 65535; below 1024 needs the right to.
    --big N        Adds big.bench. with the names n0 to n<N-1>. At most 2000000.
    --leaves N     Adds the signed zones leaf0.bench. to leaf<N-1>.bench. with 50 names (h0 to h49), A and AAAA, each.
                   At most 20000.
    --hostile N    Adds zones below hostile. that make a validator work: any name below keytrap-rsa, keytrap-p256,
                   keytrap-p384, keytrap-200 and rsa-shape has false signatures by many keys of one tag; the zones
                   n<iterations>-<octets of salt> deny names with NSEC3; ds0 to ds<N-1> have DS of one tag and false
                   digests. At most 2000.
    --impair FILE  Impairments to begin with, one per line; "#" begins a comment.
    --log FILE     Appends every question asked, in the form of `ctl log`.
    DIR remembers --seed, --port, --big, --leaves and --hostile for the next run.

IMPAIRMENTS
    One line of words: selectors say when, actions say what. All selectors of a line must match; without any it always
    matches. When several lines match, later ones win, action by action.

    server=ADDRESS     questions to that address
    zone=NAME          questions answered from that zone
    name=NAME          questions for that name; *.NAME for all names below it
    type=TYPE          questions for that type (A, DNSKEY, TYPE65400)
    transport=udp|tcp  questions over that transport

    delay=MS           answer so much later (0 to 60000)
    jitter=MS          up to so much later still, at random
    drop=FRACTION      lose so many questions (0 to 1), at random from the seed
    truncate           cut UDP answers to the question, with TC set
    rcode=RCODE        answer FORMERR, SERVFAIL, NXDOMAIN, NOTIMP or REFUSED and nothing else
    edns=formerr       FORMERR without OPT to every question that has an OPT; edns=badvers likewise
    edns=ignore        answer as if the question had no OPT: no OPT, no signatures
    strip=rrsig        remove RRSIG, NSEC and NSEC3 from answers; strip=opt removes the OPT
    forge=N            before the genuine answer, N copies with other data, all else right
    wrong-id=N         before the genuine answer, N forged copies with wrong ids (UDP)
    malformed=N        before the genuine answer, N broken messages with the right id (UDP)
    case=mangle        turn the case of every letter of the question's name; case=lower makes it lower case
    cname=NAME         put NAME as target into every CNAME of the answer that has no signature
    tcp=close          close TCP connections at the first question; tcp=reset rudely, tcp=silent never answers
    tcp-limit=N        close TCP connections after N answers

CONTROL
    vouch-lab ctl --dir DIR "zone=slow.nsec. delay=300"     adds an impairment
    clear [ZONE]           removes impairments added (from --impair too); with ZONE those that name it
    impairments            lists those in force, the built-in ones of some zones too
    stop-server ADDRESS    that server falls silent: bound, but it never answers
    start-server ADDRESS   and speaks again; this wakes the servers that are silent from the start, too
    log [ZONE]             the last 65536 questions, of ZONE or all: Unix time, server, zone that answered (- when
                           none), name, type, transport, "do" when DNSSEC was asked for
    stats                  questions per server and zone, and in total
    reset                  forgets log and stats
    An answer that begins with "error:" means that nothing was done; ctl then exits with 1.

FILES in DIR
    root.hints     NS, A and AAAA of the root servers, as zone-file text
    root.anchors   DS and DNSKEY of the root's key-signing key, as zone-file text
    manifest.tsv   One row per question with a known answer. First line: column names. Columns: zone, kind (signed,
                   unsigned, island, broken), name, type, verdict (secure, insecure, bogus, unreachable), or (another
                   verdict that is right too), reason, fault (the zone where the chain breaks), rcode that a
                   validating resolver gives, transport (tcp when the answer does not fit UDP), answer (RDATA of all
                   answer records but signatures, aliases included, separated by " | "), remark. "-" for nothing.
                   A resolver that shows an alias chain's start only (verdict unreachable) may say NOERROR.
    examples.tsv   Some twenty rows that any resolver answers, validating or not. No head line. Columns: name, type,
                   transport, rcode, answer as above (may be empty), remark.
    examples-validating.tsv   The same and some broken zones, for a resolver that validates, with two columns more:
                   verdict, and what EXTRA-TEXT begins with (RFC 8914): "<reason> zone=<zone at fault>", the reason
                   alone where the verdict is insecure, nothing where there is nothing to tell.
    tls/           for a resolver that serves TLS, HTTPS or QUIC on the lab: server.pem and server.key, good for
                   dns.lab, localhost, 127.0.0.1 and ::1, and ca.pem, which clients are told to trust; new at each start
    zones/         the signed zone files; <zone>stale.zone is an old copy with expired signatures
    nsd-*.conf, nsd-*.log, nsd-*.pid   of the NSD back ends, one per depth of the tree
    control        the Unix socket for `ctl`
    lock, built, options   the lab's own notes

    Signatures live for 30 days from the build; `run` signs anew when less than 7 are left.

EXIT STATUS
    0 all went well, 1 it did not (the reason is on standard error), 2 the command line is wrong.

EXAMPLES
    vouch-lab run --dir /tmp/lab &
    dig @127.1.0.1 -p 5301 . NS +norec +dnssec
    dig @127.2.1.1 -p 5301 www.alg15.nsec. A +norec +dnssec
    vouch-lab ctl --dir /tmp/lab "zone=nsec. drop=0.5" stats
)";

}  // namespace vouch::lab
