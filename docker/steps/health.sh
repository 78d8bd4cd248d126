#!/usr/bin/env bash
# The container's health: whether vouchd answers a question, for localhost, which it knows by itself (RFC 6761). What the
# Internet does is no matter of the container's: /readyz tells of that. By bash and coreutils alone: the image has no client.
#   health.sh [PORT]    exit status 0: it answers; 1: it does not
set -euo pipefail

port=${1:-1053}
seconds=3
# Id 0x564f, RD, one question; localhost, A, IN.
question='\x56\x4f\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01'

exec {connection}<>"/dev/udp/127.0.0.1/$port"
printf '%b' "$question" >&"$connection"
# Four octets: the id, QR and the rest of the flags; the last half octet is the RCODE.
reply=$(timeout "$seconds" head -c 4 <&"$connection" | od -An -tx1 | tr -d ' \n')
[[ $reply =~ ^564f8.[0-9a-f]0$ ]]
