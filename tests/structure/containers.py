#!/usr/bin/env python3
"""Rules of the container files in docker/, which no Docker engine has to be there for:

Dockerfiles   images by exact version; every RUN is one script of docker/steps, and executable; what is copied exists; the last
              stage ends as a user by number who is not root, with STOPSIGNAL, HEALTHCHECK, ENTRYPOINT as lists and labels
compose       images by exact version; each service is read-only, without capabilities or new privileges, bounded in memory, has
              a check of health (of its own, or of the Dockerfile it is built from) and starts again; what is mounted exists;
              every secret is one that docker/steps/secrets.sh makes, and comes as a file: env_file is read by whoever calls
              Compose, who need not be root; ports below 1024 are published, never listened on within
vouchd        has a folder for its control socket, and the time to end that the unit gives it
all           name the version of CMakeLists.txt
"""
import argparse
import os
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    yaml = None

SKIPPED = 77
EXACT = re.compile(r"^[a-z0-9./_-]+:v?\d+\.\d+(\.\d+)*(-[a-z0-9.]+)?$")
OWN_IMAGE = "vouch:"
CONTROL_FOLDER = "/run/vouch:size=1m,mode=0750,uid=953,gid=953"  # the numbers of docker/steps/install.sh
VERSIONS = re.compile(r"(?<![\w./-])vouch:([\w.-]+)|\bARG VERSION=(\S+)")
LABELS = ("title", "version", "licenses")


def instructions(text):
    """(word, rest) of each instruction of a Dockerfile, continuation lines joined."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = []
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            word, _, rest = line.strip().partition(" ")
            found.append((word.upper(), rest.strip()))
    return found


def image_of(rest, arguments):
    words = [word for word in rest.split() if not word.startswith("--")]
    return re.sub(r"\$\{?([A-Z]+)\}?", lambda found: arguments.get(found.group(1), ""), words[0])


def check_dockerfile(text, root):
    """What is wrong with a Dockerfile, as sentences. root: the context of its build."""
    problems, arguments, stage = [], {}, []
    for word, rest in instructions(text):
        if word == "ARG" and "=" in rest:
            name, _, value = rest.partition("=")
            arguments.setdefault(name, value)
        if word == "FROM":
            stage = []
            image = image_of(rest, arguments)
            if not EXACT.match(image):
                problems.append(f"image `{image}` has no exact version")
        stage.append((word, rest))
        if word == "RUN":
            script = rest.split()[0]
            source = root / (script if script.startswith("docker/steps/") else "docker/steps/" + os.path.basename(script))
            if not (source.is_file() and os.access(source, os.X_OK)) or re.search(r"&&|;|\|", rest):
                problems.append(f"RUN {rest}: not one executable script of docker/steps")
        if word == "COPY" and "--from=" not in rest:
            for source in rest.split()[:-1]:
                if not (root / source).exists():
                    problems.append(f"COPY {source}: there is no such file")
    said = dict(stage)
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", said.get("USER", "")):
        problems.append("the last stage has no USER by number, or it is root")
    for word in ("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"):
        if word not in said:
            problems.append(f"the last stage has no {word}")
    if "ENTRYPOINT" in said and not said["ENTRYPOINT"].startswith("["):
        problems.append("ENTRYPOINT is no list: a shell would stand between signals and the program")
    for label in LABELS:
        if f"org.opencontainers.image.{label}=" not in said.get("LABEL", ""):
            problems.append(f"no label org.opencontainers.image.{label}")
    return problems


def has_health(service, folder):
    if "healthcheck" in service:
        return True
    build = service.get("build")
    return bool(build) and "HEALTHCHECK" in (folder / build["context"] / build["dockerfile"]).read_text(encoding="utf-8")


def check_version(text, version):
    """What is wrong with the versions of ours that a file names. version: the project's."""
    return [f"version {said} is not that of CMakeLists.txt, {version}"
            for said in (own or argument for own, argument in VERSIONS.findall(text)) if said != version]


def check_vouchd(service, stop_seconds):
    problems = []
    if CONTROL_FOLDER not in service.get("tmpfs", []):
        problems.append(f"vouchctl needs a tmpfs {CONTROL_FOLDER}")
    if service.get("stop_grace_period") != f"{stop_seconds}s":
        problems.append(f"its stop_grace_period is not the unit's TimeoutStopSec, {stop_seconds}s")
    return problems


def check_service(name, service, folder, made, stop_seconds):
    problems = []
    if service.get("image", "").startswith(OWN_IMAGE):
        problems += check_vouchd(service, stop_seconds)
    if "env_file" in service:
        problems.append("env_file is read by whoever calls Compose: hand it over as a secret")
    if not EXACT.match(service.get("image", "")):
        problems.append(f"image `{service.get('image')}` has no exact version")
    if service.get("read_only") is not True:
        problems.append("its file system is not read-only")
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
        problems.append("it keeps capabilities")
    if "no-new-privileges:true" not in service.get("security_opt", []):
        problems.append("it may gain privileges")
    if service.get("privileged") or service.get("network_mode") == "host":
        problems.append("it is not contained")
    for key in ("mem_limit", "restart"):
        if key not in service:
            problems.append(f"it has no {key}")
    if not has_health(service, folder):
        problems.append("nobody looks after its health")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".") and not (folder / source).exists():
            problems.append(f"{source} is mounted and does not exist")
    for port in service.get("ports", []):
        if int(str(port).rpartition(":")[2].split("/")[0]) < 1024:
            problems.append(f"port {port} needs a privilege within")
    for secret in service.get("secrets", []):
        if secret not in made:
            problems.append(f"secret {secret} is made by nobody")
    return [f"{name}: {problem}" for problem in problems]


def check_compose(text, folder, made, stop_seconds):
    """What is wrong with a compose file. made: the secrets that a script makes. stop_seconds: what vouchd may take to end."""
    said = yaml.safe_load(text)
    problems = []
    for name, service in said.get("services", {}).items():
        problems += check_service(name, service, folder, made, stop_seconds)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if not source.startswith((".", "/")) and source not in said.get("volumes", {}):
                problems.append(f"{name}: volume {source} is not declared")
        for needed in service.get("depends_on", {}):
            if needed not in said["services"]:
                problems.append(f"{name}: it waits for {needed}, which is no service")
        for secret in service.get("secrets", []):
            if secret not in said.get("secrets", {}):
                problems.append(f"{name}: secret {secret} is not declared")
    for name, secret in (said.get("secrets") or {}).items():
        if secret.get("file") != f"secrets/{name}":
            problems.append(f"secret {name} is not where secrets.sh puts it")
    if not said.get("services"):
        problems.append("there are no services")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    root = parser.parse_args().root
    problems = []
    dockerfiles = sorted((root / "docker").rglob("Dockerfile"))
    composes = sorted((root / "docker").glob("compose*.yaml"))
    if len(dockerfiles) < 2 or len(composes) < 3:
        sys.exit("docker/ is not where it is looked for")
    version = re.search(r"(?m)^project\(Vouch VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)
    unit = (root / "conf/systemd/vouch.service").read_text(encoding="utf-8")
    stop_seconds = re.search(r"(?m)^TimeoutStopSec=(\d+)s$", unit).group(1)
    for file in dockerfiles + composes:
        problems += [f"{file.relative_to(root)}: {each}" for each in check_version(file.read_text(encoding="utf-8"), version)]
    for file in dockerfiles:
        problems += [f"{file.relative_to(root)}: {each}" for each in check_dockerfile(file.read_text(encoding="utf-8"), root)]
    made = re.findall(r"(?m)^make (\S+) ", (root / "docker/steps/secrets.sh").read_text(encoding="utf-8"))
    if yaml is not None:
        for file in composes:
            text = file.read_text(encoding="utf-8")
            problems += [f"{file.relative_to(root)}: {each}" for each in check_compose(text, file.parent, made, stop_seconds)]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    if yaml is None:
        print("skipped: the compose files need Python's yaml (apt-get install python3-yaml)")
        sys.exit(SKIPPED)


if __name__ == "__main__":
    main()
