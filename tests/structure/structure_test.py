#!/usr/bin/env python3
"""The structural tests, tested: each rule is shown samples that it must refuse, and samples that it must let pass.

    structure_test.py [--compiler CXX]      with a compiler, the headers-compile-alone check is tried too
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import coroutines
import layering
import source
import tidiness


class Tree:
    """A small source tree in a temporary folder."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        for path, text in files.items():
            full = pathlib.Path(self.folder.name) / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text(text, encoding="utf-8")

    def __enter__(self):
        return self.folder.name

    def __exit__(self, *_):
        self.folder.cleanup()


def layering_problems(files):
    with Tree(files) as root:
        return layering.check(root)[0]


class Layering(unittest.TestCase):
    def assert_refused(self, files, why):
        problems = layering_problems(files)
        self.assertTrue(any(why in p for p in problems), f"expected {why!r} among {problems}")

    def test_downward_includes_pass(self):
        self.assertEqual([], layering_problems({
            "resolver/base/bytes.h": "#include <cstdint>\n",
            "telemetry/counters.h": '#include "resolver/base/bytes.h"\n',
            "resolver/wire/name.h": '#include "resolver/base/bytes.h"\n',
            "resolver/cache/shard.h": '#include "resolver/wire/name.h"\n#include "telemetry/counters.h"\n',
            "resolver/front/query_sink.h": '#include "resolver/base/bytes.h"\n',
            "resolver/front/front_options.h": "",
            "transports/udp.cc": '#include "resolver/front/query_sink.h"\n#include <sys/socket.h>\n',
            "conf/loader.cc": '#include "resolver/front/front_options.h"\n',
            "resolver/daemon/main.cc": '#include "transports/udp.h"\n#include "conf/loader.h"\n',
            "transports/udp.h": "", "conf/loader.h": "",
        }))

    def test_upward_include(self):
        self.assert_refused({"resolver/wire/name.h": '#include "resolver/cache/shard.h"\n', "resolver/cache/shard.h": ""},
                            "resolver/wire may not include resolver/cache/shard.h")

    def test_sideways_include(self):
        self.assert_refused({"resolver/dnssec/a.cc": '#include "resolver/cache/shard.h"\n', "resolver/cache/shard.h": ""},
                            "resolver/dnssec may not include")

    def test_transport_includes_resolver_logic(self):
        self.assert_refused({"transports/udp.cc": '#include "resolver/front/front.h"\n', "resolver/front/front.h": ""},
                            "transports may not include")

    def test_module_includes_conf(self):
        self.assert_refused({"resolver/front/f.cc": '#include "conf/loader.h"\n', "conf/loader.h": ""}, "may not include conf")

    def test_counters_include_the_rest_of_telemetry(self):
        self.assert_refused({"telemetry/counters.h": '#include "telemetry/ledger.h"\n', "telemetry/ledger.h": ""},
                            "may not include telemetry/ledger.h")

    def test_seam_pulls_logic_in_behind_our_back(self):
        self.assert_refused({
            "resolver/iterate/upstream.h": '#include "resolver/cache/shard.h"\n',
            "resolver/cache/shard.h": "",
        }, "a seam for the transports reaches resolver/cache/shard.h")

    def test_cycle(self):
        self.assert_refused({
            "resolver/base/a.h": '#include "resolver/base/b.h"\n',
            "resolver/base/b.h": '#include "resolver/base/a.h"\n',
        }, "include cycle: resolver/base/a.h -> resolver/base/b.h -> resolver/base/a.h")

    def test_include_that_does_not_exist(self):
        self.assert_refused({"resolver/base/a.h": '#include "resolver/base/gone.h"\n'}, "does not exist")

    def test_a_fragment_is_known_and_includes_nothing(self):
        self.assertEqual([], layering_problems({"resolver/base/a.h": '#include "resolver/base/list.inc"\n',
                                                "resolver/base/list.inc": "X(one)\n"}))
        self.assert_refused({"resolver/base/a.h": "", "resolver/base/list.inc": "#include <vector>\n"}, "a fragment includes")

    def test_include_not_from_the_root(self):
        self.assert_refused({"resolver/base/a.cc": '#include "a.h"\n', "resolver/base/a.h": ""}, "not a path from the root")

    def test_ours_in_angle_brackets(self):
        self.assert_refused({"resolver/wire/a.cc": "#include <resolver/base/b.h>\n", "resolver/base/b.h": ""}, "not <")

    def test_commented_out_include_passes(self):
        self.assertEqual([], layering_problems({"resolver/wire/a.h": '// #include "conf/x.h"\n/*\n#include "conf/y.h"\n*/\n'}))

    def test_pure_logic_opens_a_socket(self):
        self.assert_refused({"resolver/iterate/a.cc": "#include <sys/socket.h>\n"}, "pure logic includes")

    def test_pure_logic_reads_the_clock(self):
        self.assert_refused({"resolver/cache/a.cc": "auto t = std::chrono::steady_clock::now();\n"}, "pure logic calls")
        self.assert_refused({"resolver/cache/a.cc": "auto t = std::time(nullptr);\n"}, "pure logic calls")

    def test_a_clock_that_was_handed_in_passes(self):
        self.assertEqual([], layering_problems({"resolver/cache/a.cc": "auto t = clock.now(); auto u = c.time(0);\n"}))

    def test_openssl_outside_its_file(self):
        self.assert_refused({"resolver/dnssec/chain.cc": "#include <openssl/evp.h>\n"}, "belongs in resolver/dnssec/algorithms.cc")
        self.assertEqual([], layering_problems({"resolver/dnssec/algorithms.cc": "#include <openssl/evp.h>\n"}))

    def test_every_folder_has_its_row(self):
        for module in source.MODULES:
            self.assertIn(module, layering.ALLOWED)

    def test_an_empty_tree_is_a_failure(self):
        with Tree({}) as root:
            problems, looked_at = layering.check(root)
        self.assertEqual(1, source.report("layering", problems, looked_at))


GOOD_COROUTINES = """
Task<Answer> Resolver::resolve(Question asked, Budget& budget) {
  // if (co_await nothing()) in a comment is nothing
  const char* text = "f(co_await g())";
  const Response response = co_await ask_servers_of(cut, minimised(now, cut), budget);
  auto [key, verdict] = co_await fetch_->dnskey<true>(zone, 1'000);
  std::optional<std::vector<Key>> keys = co_await chain.keys(zone);
  entry->reply = co_await slot;
  response_ = co_await std::move(task);
  switch (kind) {
    case Outcome::alias: co_await follow(now); break;
    default: co_await entry->task;
  }
  if (late) { co_await clock.sleep(k); }
  scope.spawn([](Worker& w) -> Task<> { co_await w.run(); }(worker));
  alignas(16) std::array<char, 16> small;
  co_return co_await judged(aliases, response, budget);
}
struct Promise { Awaiter operator co_await() const noexcept; };
struct alignas(64) Shard { Task<> run() { co_await wait(); } alignas(64) int counter; };
int plain() { alignas(64) int local = 0; Shard shard; return local; }
"""

BAD_COROUTINES = {
    "in a condition": "Task<> f() { if (co_await g()) { } }",
    "in a loop's condition": "Task<> f() { while (auto x = co_await g()) { } }",
    "in a loop's head": "Task<> f() { for (int i = 0; co_await g(); ++i) { } }",
    "over a range": "Task<> f() { for (auto x : co_await g()) { } }",
    "as an argument": "Task<> f() { h(co_await g()); }",
    "as an argument of a co_await": "Task<> f() { co_await h(co_await g()); }",
    "its member taken": "Task<> f() { auto x = (co_await g()).value; }",
    "its member called": "Task<> f() { auto x = co_await g().value(); }",
    "in arithmetic": "Task<> f() { auto x = 1 + co_await g(); }",
    "arithmetic after": "Task<> f() { auto x = co_await g() + 1; }",
    "negated": "Task<> f() { auto x = !co_await g(); }",
    "compared": "Task<> f() { auto x = 1 == co_await g(); }",
    "in a conditional expression": "Task<> f() { auto x = a ? co_await g() : co_await h(); }",
    "in a switch": "Task<> f() { switch (co_await g()) { } }",
    "within co_return's expression": "Task<> f() { co_return wrap(co_await g()); }",
    "within braces": "Task<> f() { Answer x{co_await g()}; }",
    "a lambda among the arguments": "Task<> f() { co_await g([&] { return 1; }); }",
    "an aggregate among the arguments": "Task<> f() { co_await g(Question{name, type}); }",
    "a temporary awaiter": "Task<> f() { co_await Sleep{1}; }",
    "after an if without braces": "Task<> f() { if (x) co_await g(); }",
    "over-aligned local": "Task<> f() { alignas(64) char buffer[64]; co_await g(); }",
    "over-aligned local, inner block": "Task<> f() { co_await g(); { alignas(kCacheLine) int x = 0; } co_return; }",
    "local of an over-aligned type": "struct alignas(64) Wide { int x; }; Task<> f() { Wide wide; co_await g(); }",
}


class Coroutines(unittest.TestCase):
    @staticmethod
    def problems(text):
        return coroutines.check_text("a.cc", text, sorted(coroutines.over_aligned_types_in(text)))

    def test_good_samples_pass(self):
        self.assertEqual([], self.problems(GOOD_COROUTINES))

    def test_bad_samples_are_refused(self):
        for what, text in BAD_COROUTINES.items():
            with self.subTest(what):
                self.assertTrue(self.problems(text), text)

    def test_the_line_is_named(self):
        self.assertTrue(self.problems("\n\nTask<> f() {\n  h(co_await g());\n}\n")[0].startswith("a.cc:4: "))


class Tidiness(unittest.TestCase):
    def test_bad_samples_are_refused(self):
        for text in ("// TODO later", "x  # FIXME", "#ifdef VOUCH TEST", "#if defined(TEST)", "see /root/x", "<<<<<<< HEAD"):
            with self.subTest(text):
                self.assertTrue(tidiness.check_text("a.cc", text))
        for text in ("std::mt19937 numbers;", "int port = rand();", "std::random_device source;",
                     '  static const Name tree = Name::of("ip6.arpa.");', "thread_local Pool pool;",
                     "  thread_local std::vector<int> kept;"):
            self.assertTrue(tidiness.check_text("resolver/iterate/a.cc", text))
            self.assertEqual([], tidiness.check_text("tests/lab/a.cc", text))
        self.assertTrue(tidiness.check_text("a.h", "int x;"))

    def test_good_samples_pass(self):
        self.assertEqual([], tidiness.check_text("resolver/iterate/a.cc", 'const Name kTree = Name::of("ip6.arpa.");'))
        for text in ("thread_local EventLoop* running = nullptr;", "thread_local Memo memo;\nstatic_assert(std::is_trivially_destructible_v<Memo>);",
                     "inline thread_local std::coroutine_handle<> next = nullptr;"):
            self.assertEqual([], tidiness.check_text("resolver/iterate/a.cc", text))
        for text in ("https://example.net/work/x", "the root/child cut", "../shared/scenarios", "HACKED", "#ifndef NDEBUG"):
            with self.subTest(text):
                self.assertEqual([], tidiness.check_text("a.cc", text))


class HeadersAlone(unittest.TestCase):
    """What tests/structure/CMakeLists.txt does for each header, done for a good one and for bad ones."""

    def compiles(self, header):
        with Tree({"a.h": header, "a.cc": '#include "a.h"\n#include "a.h"\n'}) as root:
            done = subprocess.run([COMPILER, "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "a.cc"],
                                  cwd=root, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode == 0

    def setUp(self):
        if not COMPILER:
            self.skipTest("no --compiler given")

    def test_complete_header(self):
        self.assertTrue(self.compiles("#pragma once\n#include <string>\ninline std::string f() { return {}; }\n"))

    def test_header_that_leans_on_its_includer(self):
        self.assertFalse(self.compiles("#pragma once\ninline std::string f() { return {}; }\n"))

    def test_header_without_a_guard(self):
        self.assertFalse(self.compiles("struct A {};\n"))


COMPILER = ""
if "--compiler" in sys.argv:
    COMPILER = sys.argv.pop(sys.argv.index("--compiler") + 1)
    sys.argv.remove("--compiler")

if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    unittest.main()
