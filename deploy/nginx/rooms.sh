#!/bin/sh
# Writes rooms.conf, which nginx.conf includes: sh rooms.sh HOST:PORT ... > rooms.conf
#
# One address for each room, in the order of their numbers: where its pages are (`--port`). Its AWS endpoint is the port after that, as a room behind a proxy
# has one shard (`--shards 1`). In the environment:
#   RESOLVER  the name server, when rooms are given by names: asked again every five seconds, because a room that moves has another address
#   FRONT     the network of a load balancer in front of the proxy, such as 10.0.0.0/16: what it says in X-Forwarded-For is believed
set -eu

letters=ABCDEFGHJKMNPQRSTUVWXYZ
if [ $# -eq 0 ] || [ $# -gt ${#letters} ]; then
    echo "usage: sh rooms.sh HOST:PORT ...   (1 to ${#letters} rooms)" >&2
    exit 2
fi

count=$#
maps=""
pages=""
worlds=""
spread=""
left=$letters
number=0
for address in "$@"; do
    host=${address%:*}
    port=${address##*:}
    case $host in
    *[!A-Za-z0-9.:\[\]-]* | "" | "$address") echo "$address is not HOST:PORT" >&2 && exit 2 ;;
    esac
    case $port in
    *[!0-9]* | "") echo "$address is not HOST:PORT" >&2 && exit 2 ;;
    esac
    rest=${left#?}
    letter=${left%"$rest"}
    left=$rest
    number=$((number + 1))
    maps="$maps    $letter $letter;
"
    pages="$pages    $letter $host:$port;
"
    worlds="$worlds    $letter $host:$((port + 1));
"
    if [ "$number" -eq "$count" ]; then
        share="*"
    else
        hundredths=$((10000 / count))
        share=$(printf '%d.%02d%%' $((hundredths / 100)) $((hundredths % 100)))
    fi
    spread="$spread    $share $letter;
"
done

echo "# Written by rooms.sh for $count rooms."
if [ -n "${RESOLVER:-}" ]; then
    echo "resolver $RESOLVER valid=5s ipv6=off;"
    echo "resolver_timeout 3s;"
fi
if [ -n "${FRONT:-}" ]; then
    echo "set_real_ip_from $FRONT;"
    echo "real_ip_header X-Forwarded-For;"
fi
cat <<END
split_clients \$request_id \$newcomer {
$spread}
map \$room_wanted \$room {
    default \$newcomer;
$maps}
map \$room \$pages {
$pages}
map \$room \$worlds {
$worlds}
END
