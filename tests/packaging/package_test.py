#!/usr/bin/env python3
"""The Debian package, as an administrator meets it: built, checked by lintian, installed into a Debian of its own with its
dependencies, started there and asked, upgraded, removed, purged. That Debian is made by debootstrap in a temporary folder; vouchd
runs in it with nothing but a loopback of its own. Where that cannot be, the test is skipped and says why."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKIPPED = 77
OPTIONS = None
PATIENCE = 600  # seconds that a step may take: mirrors and machines are slow

# Path in the Debian: owner, group, mode. What is not named here is root's and writable for root alone.
MODES = {
    "/usr/sbin/vouchd": ("root", "root", "755"),
    "/usr/bin/vouchctl": ("root", "root", "755"),
    "/etc/vouch": ("root", "root", "755"),
    "/etc/vouch/vouch.yaml": ("root", "root", "644"),
    "/var/lib/vouch": ("vouch", "vouch", "750"),
    "/usr/share/man/man8/vouchd.8.gz": ("root", "root", "644"),
    "/usr/share/man/man5/vouch.yaml.5.gz": ("root", "root", "644"),
    "/usr/share/doc/vouch/copyright": ("root", "root", "644"),
    "/usr/share/doc/vouch/profiles/isp.yaml": ("root", "root", "644"),
    "/usr/share/doc/vouch/examples/vouch.yaml": ("root", "root", "644"),
    "/usr/share/doc/vouch/examples/renewed-certificate": ("root", "root", "755"),
    "/usr/share/vouch/grafana/service.json": ("root", "root", "644"),
    "/usr/share/vouch/prometheus/alerts.yml": ("root", "root", "644"),
    "/usr/share/bash-completion/completions/vouchd": ("root", "root", "644"),
    "/usr/share/bash-completion/completions/vouchctl": ("root", "root", "644"),
    "/usr/share/zsh/vendor-completions/_vouchd": ("root", "root", "644"),
    "/usr/share/zsh/vendor-completions/_vouchctl": ("root", "root", "644"),
}


def run(words, **how):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=PATIENCE, check=False, **how)
    return done.returncode, done.stdout


def with_debian_root(line, *words):
    """A line of bash that knows tools/debian_root.sh."""
    return run(["bash", "-c", f'source "$0/tools/debian_root.sh"; {line}', ROOT, *words])


def copy_of_the_project(folder):
    """What a package is built from."""
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name.startswith((".", "build")) or path.name == "tests":
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            shutil.copy(path, folder)
    return folder


def why_not():
    for needed in ("dpkg-deb", "dh", "dpkg-buildpackage"):
        if not shutil.which(needed):
            return f"{needed} is not installed (tools/packages.sh install package)"
    return with_debian_root("why_no_debian_root")[1].strip()


class Debian:
    """The folder with a Debian in it, and its root's commands."""

    def __init__(self, folder):
        self.folder = folder
        if folder.exists():
            return
        status, said = with_debian_root('debian_root_make "$1"', folder)
        if status != 0:
            raise RuntimeError(f"no Debian could be made:\n{said[-3000:]}")

    def run(self, *words, alone=True, read_only=False):
        """alone: without the network that packages come from."""
        how = "--alone" * alone + " --read-only" * read_only
        return with_debian_root(f'debian_root_run {how} --bind "$1" "$2" "${{@:3}}"', ROOT, self.folder, *words)

    def path(self, inside):
        return self.folder / inside.lstrip("/")

    def inside(self, *words, **how):
        return self.run(ROOT / "tests/packaging/inside.sh", *words, **how)


class Package(unittest.TestCase):
    """Tests run by the order of their names: each goes on where the one before it stopped."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="vouch-package-")
        cls.folder = pathlib.Path(cls.holder.name)
        cls.folder.chmod(0o755)
        # From a copy of the project, whose owner runs the compose files, too.
        project = copy_of_the_project(cls.folder / "project")
        (project / "docker/secrets").mkdir(exist_ok=True)
        (project / "docker/secrets/cookie.secret").write_text("nobody else's")
        status, said = run([project / "tools/build_deb.sh", "--built", OPTIONS.build])
        cls.tree = next((project / "build/deb").glob("*-built/vouch"), None)
        if status != 0:
            raise RuntimeError(f"the package could not be built:\n{said[-3000:]}")
        cls.deb = pathlib.Path(shutil.copy(said.splitlines()[-1], cls.folder))
        cls.debian = Debian(OPTIONS.debian or cls.folder / "debian")

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def good(self, result):
        status, said = result
        self.assertEqual(status, 0, said[-3000:])
        return said

    def put(self, deb):
        """The path, in the Debian, of a package that is carried there."""
        shutil.copy(deb, self.debian.path("/srv"))
        return "/srv/" + deb.name

    def repacked(self, version, change=None):
        """The same package as a later version; `change` is done to its files before."""
        tree = self.folder / f"tree-{version}"
        self.good(run(["dpkg-deb", "-R", self.deb, tree]))
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        if change:
            change(tree)
        deb = self.folder / f"vouch_{version}.deb"
        self.good(run(["dpkg-deb", "--root-owner-group", "-b", tree, deb]))
        return deb

    def file_list(self):
        return self.good(run(["dpkg-deb", "-c", self.deb]))

    # In what order: by number.
    def test_0_no_secret_of_its_builder_is_taken_along(self):
        self.assertTrue((self.tree / "docker/Dockerfile").exists())
        self.assertFalse((self.tree / "docker/secrets").exists())

    def test_1_lintian(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed")
        said = self.good(run(["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", self.deb]))
        self.assertNotRegex(said, r"(?m)^[EW]:")

    def test_2_install_with_dependencies(self):
        where = self.put(self.deb)
        self.good(self.debian.run("apt-get", "update", alone=False))
        said = self.good(self.debian.run("apt-get", "install", "-y", "--no-install-recommends", where, alone=False))
        self.assertNotIn("WARNING", said)
        version = self.good(self.debian.run("vouchd", "--version"))
        self.assertRegex(version, r"^vouchd \d")

    def test_3_dependencies_are_those_of_the_program(self):
        """Each package that a library of vouchd's comes from is named, and nothing that is a library is named in vain."""
        depends = self.good(run(["dpkg-deb", "-f", self.deb, "Depends"]))
        named = {word.split()[0].split(":")[0] for word in depends.split(",")}
        libraries = re.findall(r"NEEDED\s+(\S+)", self.good(run(["objdump", "-p", self.debian.path("/usr/sbin/vouchd")])))
        self.assertGreater(len(libraries), 8)
        owners = set()
        for library in libraries:
            said = self.good(self.debian.run("dpkg", "-S", f"*/{library}"))
            for owner in {line.split(":")[0] for line in said.splitlines()}:
                # Some are depended on by a name that says more than theirs: libspdlog1.10-fmt9.
                provides = self.good(self.debian.run("dpkg-query", "-W", "-f", "${Provides}", owner))
                owners.add(next((name.split()[0] for name in provides.split(",") if name.strip() and name.split()[0] in named), owner))
        self.assertEqual(owners - named, set())
        self.assertEqual({name for name in named if name.startswith("lib")} - owners, set())
        self.assertIn("adduser", named)

    def test_4_files_owners_and_modes(self):
        for path, expected in MODES.items():
            said = self.good(self.debian.run("stat", "-c", "%U %G %a", path)).split()
            self.assertEqual(tuple(said), expected, path)
        for line in self.file_list().splitlines():
            self.assertRegex(line, r"^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x|lrwxrwxrwx) root/root ", line)
        units = [line for line in self.file_list().splitlines() if line.endswith("systemd/system/vouch.service")]
        self.assertEqual(len(units), 1)
        account = self.good(self.debian.run("getent", "passwd", "vouch")).strip().split(":")
        self.assertLess(int(account[2]), 1000)
        self.assertEqual(account[5:], ["/var/lib/vouch", "/usr/sbin/nologin"])
        self.assertIn("/etc/vouch/vouch.yaml", self.good(self.debian.run("dpkg-query", "-W", "-f", "${Conffiles}", "vouch")))

    def test_5_serves_as_its_user(self):
        self.assertIn("/etc/vouch/vouch.yaml: good", self.good(self.debian.run("vouchd", "--check-config")))
        for profile in ("home", "community", "isp"):
            self.good(self.debian.run("vouchd", "--check-config", "--config", f"/usr/share/doc/vouch/profiles/{profile}.yaml"))
        said = self.good(self.debian.inside("ask", "localhost"))
        self.assertIn("127.0.0.1", said)
        self.assertIn("user: vouch", said)
        self.assertIn("user: vouch", self.good(self.debian.inside("health")))
        status, _ = self.debian.run("bash", ROOT / "docker/steps/health.sh", "53")
        self.assertEqual(status, 1, "healthy although nothing serves")

    def test_6_upgrade_asks_nothing_and_loses_nothing(self):
        mine = self.debian.path("/etc/vouch/vouch.yaml")
        theirs = mine.read_text()
        state = self.debian.path("/var/lib/vouch")
        (state / "kept").write_text("state")
        before = sorted(path.name for path in state.iterdir())
        # Changed by the administrator, the same in both packages: it stays.
        mine.write_text(theirs + "# mine\n")
        said = self.good(self.debian.run("dpkg", "-i", self.put(self.repacked("9.1"))))
        self.assertNotIn("onfiguration file", said)
        self.assertTrue(mine.read_text().endswith("# mine\n"))
        # As it came, and the new package has another: that one, with no question.
        mine.write_text(theirs)
        newer = self.repacked("9.2", lambda tree: (tree / "etc/vouch/vouch.yaml").write_text(theirs + "# newer\n"))
        said = self.good(self.debian.run("dpkg", "-i", self.put(newer)))
        self.assertNotIn("onfiguration file", said)
        self.assertTrue(mine.read_text().endswith("# newer\n"))
        self.assertEqual(sorted(path.name for path in state.iterdir()), before)
        self.assertIn("127.0.0.1", self.good(self.debian.inside("ask", "localhost")))
        script = self.debian.path("/var/lib/dpkg/info/vouch.postinst").read_text()
        self.assertIn("restart", script, "an upgrade does not restart the service")

    def test_7_remove_keeps_purge_takes(self):
        self.debian.path("/etc/vouch/key.pem").write_text("the administrator's own")
        logs = self.debian.path("/var/log/vouch")  # as LogsDirectory= makes it
        logs.mkdir(mode=0o750)
        (logs / "vouchd.log").write_text("lines")
        self.good(self.debian.run("dpkg", "--remove", "vouch"))
        self.assertFalse(self.debian.path("/usr/sbin/vouchd").exists())
        self.assertTrue(self.debian.path("/var/lib/vouch/kept").exists())
        self.assertTrue((logs / "vouchd.log").exists())
        self.assertTrue(self.debian.path("/etc/vouch/vouch.yaml").exists())
        self.good(self.debian.run("dpkg", "--purge", "vouch"))
        self.assertFalse(self.debian.path("/var/lib/vouch").exists())
        self.assertFalse(logs.exists())
        self.assertFalse(self.debian.path("/etc/vouch/vouch.yaml").exists())
        self.assertTrue(self.debian.path("/etc/vouch/key.pem").exists())
        self.assertIn("vouch", self.good(self.debian.run("getent", "passwd", "vouch")))

    def test_8_port_53_taken_is_told_in_plain_words(self):
        said = self.good(self.debian.inside("install", self.put(self.deb)))
        self.assertIn("Port 53 of this machine is taken already", said)
        self.assertIn("server.listen in /etc/vouch/vouch.yaml", said)
        self.good(self.debian.run("dpkg", "--purge", "vouch"))
        said = self.good(self.debian.run("dpkg", "-i", self.put(self.deb)))
        self.assertNotIn("Port 53", said)

    def test_9_steps_of_the_container(self):
        """docker/Dockerfile's steps, and vouchd as compose.yaml starts it."""
        self.good(self.debian.run("dpkg", "--purge", "vouch"))
        self.debian.run("deluser", "vouch")
        package = self.debian.path("/package")
        package.mkdir(exist_ok=True)
        shutil.copy(self.deb, package / "vouch.deb")
        for step in ("install.sh", "health.sh"):
            shutil.copy(ROOT / "docker/steps" / step, package)
        self.good(self.debian.run("/package/install.sh", "/package", alone=False))
        self.assertFalse(package.exists())
        self.assertEqual(self.good(self.debian.run("stat", "-c", "%u %g %a", "/var/lib/vouch")).split(), ["953", "953", "750"])
        shutil.copy(ROOT / "docker/vouch.yaml", self.debian.path("/etc/vouch/vouch.yaml"))
        self.debian.path("/run/vouch").mkdir(exist_ok=True)  # as Docker makes where a tmpfs is mounted
        said = self.good(self.debian.inside("container", "/etc/vouch/vouch.yaml", read_only=True))
        self.assertRegex(said, r"Uid:\s+953\s+953")
        self.assertRegex(said, r"CapEff:\s+0{16}")
        self.assertRegex(said, r"(?m)^ *workers", "what vouchctl says")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder whose vouchd is packaged")
    parser.add_argument("--debian", type=pathlib.Path, help="a Debian to install into, which is kept; made when it is not there")
    OPTIONS, rest = parser.parse_known_args()
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], failfast=True)


if __name__ == "__main__":
    main()
