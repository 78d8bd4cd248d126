#!/usr/bin/env python3
"""The rules of container files, tested: each is shown a sample that it must refuse."""
import pathlib
import tempfile
import unittest

import containers

DOCKERFILE = """ARG DEBIAN=debian:12.12-slim
FROM ${DEBIAN} AS build
RUN docker/steps/build.sh amd64
FROM ${DEBIAN}
LABEL org.opencontainers.image.title="A" \\
      org.opencontainers.image.version="1" \\
      org.opencontainers.image.licenses="Apache-2.0"
COPY docker/steps /package
RUN /package/build.sh /package
USER 953:953
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["/health"]
ENTRYPOINT ["/server"]
"""
COMPOSE = """services:
  one:
    image: one:1.2.3
    read_only: true
    restart: always
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 1m
    healthcheck: {test: ["CMD", "true"]}
    volumes: ["state:/state", "./docker/steps:/steps:ro"]
    ports: ["53:1053/udp"]
    secrets: [token]
  two:
    image: vouch:1.2.3
    read_only: true
    restart: always
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 2m
    healthcheck: {test: ["CMD", "true"]}
    stop_grace_period: 15s
    tmpfs: ["/tmp:size=1m", "/run/vouch:size=1m,mode=0750,uid=953,gid=953"]
secrets:
  token: {file: secrets/token}
volumes:
  state:
"""


class Rules(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        steps = self.root / "docker/steps"
        steps.mkdir(parents=True)
        (steps / "build.sh").write_text("#!/bin/sh\n", encoding="ascii")
        (steps / "build.sh").chmod(0o755)

    def dockerfile(self, old="", new=""):
        self.assertIn(old, DOCKERFILE)
        return " ".join(containers.check_dockerfile(DOCKERFILE.replace(old, new), self.root))

    def compose(self, old="", new=""):
        self.assertIn(old, COMPOSE)
        return " ".join(containers.check_compose(COMPOSE.replace(old, new, 1), self.root, ["token"], "15"))

    def test_a_good_dockerfile_passes(self):
        self.assertEqual("", self.dockerfile())

    def test_bad_dockerfiles_are_refused(self):
        for old, new, why in (
                ("debian:12.12-slim", "debian:latest", "no exact version"),
                ("debian:12.12-slim", "debian", "no exact version"),
                ("RUN docker/steps/build.sh amd64", "RUN apt-get update", "not one executable script"),
                ("build.sh amd64", "build.sh amd64 && rm -rf /", "not one executable script"),
                ("COPY docker/steps", "COPY docker/absent", "no such file"),
                ("USER 953:953", "USER vouch", "no USER by number"),
                ("USER 953:953", "USER 0:0", "no USER by number"),
                ("USER 953:953\n", "", "no USER by number"),
                ("STOPSIGNAL SIGTERM\n", "", "no STOPSIGNAL"),
                ('HEALTHCHECK CMD ["/health"]\n', "", "no HEALTHCHECK"),
                ('["/server"]', "/server", "no list"),
                ("image.licenses", "image.other", "no label")):
            with self.subTest(why=why, new=new):
                self.assertIn(why, self.dockerfile(old, new))

    @unittest.skipIf(containers.yaml is None, "Python's yaml is not installed")
    def test_a_good_compose_file_passes(self):
        self.assertEqual("", self.compose())

    @unittest.skipIf(containers.yaml is None, "Python's yaml is not installed")
    def test_bad_compose_files_are_refused(self):
        for old, new, why in (
                ("one:1.2.3", "one:latest", "no exact version"),
                ("read_only: true", "read_only: false", "not read-only"),
                ("cap_drop: [ALL]", "cap_drop: [NET_RAW]", "keeps capabilities"),
                ("cap_drop: [ALL]", "cap_drop: [ALL]\n    cap_add: [NET_ADMIN]", "keeps capabilities"),
                ("no-new-privileges:true", "seccomp:unconfined", "may gain privileges"),
                ("mem_limit: 1m", "privileged: true", "not contained"),
                ("mem_limit: 1m", "mem_limt: 1m", "no mem_limit"),
                ("restart: always", "restrt: always", "no restart"),
                ('healthcheck: {test: ["CMD", "true"]}', "labels: []", "health"),
                ("./docker/steps", "./docker/absent", "does not exist"),
                ("53:1053/udp", "53:53/udp", "needs a privilege"),
                ("secrets: [token]", "secrets: [other]", "made by nobody"),
                ("secrets: [token]", "env_file: [secrets/token]", "read by whoever calls Compose"),
                (', "/run/vouch:size=1m,mode=0750,uid=953,gid=953"', "", "vouchctl needs"),
                ("mode=0750", "mode=0777", "vouchctl needs"),
                ("uid=953", "uid=0", "vouchctl needs"),
                ("stop_grace_period: 15s", "stop_grace_period: 10s", "stop_grace_period"),
                ("    stop_grace_period: 15s\n", "", "stop_grace_period"),
                ("state:/state", "other:/state", "not declared"),
                ("secrets/token", "token", "not where secrets.sh"),
                ("mem_limit: 1m", "mem_limit: 1m\n    depends_on: {three: {condition: service_healthy}}", "no service")):
            with self.subTest(why=why, new=new):
                self.assertIn(why, self.compose(old, new))

    def test_versions_are_the_projects(self):
        for good in ("image: vouch:0.2.0", "ARG VERSION=0.2.0", "#     docker buildx build -t vouch:0.2.0 --load .",
                     "image: vouch-dnsdist:1.7.3", "image: debian:12.12-slim", "state:/var/lib/vouch:ro"):
            self.assertEqual([], containers.check_version(good, "0.2.0"), good)
        for bad in ("image: vouch:0.1.0", "ARG VERSION=0.1.0", "#     docker buildx build -t vouch:0.1.0 --load .", "vouch:latest"):
            self.assertIn("is not that of CMakeLists.txt", " ".join(containers.check_version(bad, "0.2.0")), bad)


if __name__ == "__main__":
    unittest.main()
