#!/bin/sh
# `kubectl` over files: keeps objects in a folder beside itself. A change takes the version that was read, as on the API server.
cd "$0.d" || exit 1
while :; do case $1 in --namespace | --context | --request-timeout) shift 2 ;; *) break ;; esac; done
verb=$1
shift
refuse() { echo "Error from server ($1): $2" >&2; exit 1; }
version() { sed 's/.*"resourceVersion":"\([0-9]*\)".*/\1/'; }
case $verb in
get)
	[ "$1" = pods ] && exec cat "pods-${3##*component=}.json"
	[ -f "$1-$2.json" ] || refuse NotFound "$1 $2 not found"
	exec cat "$1-$2.json"
	;;
port-forward)
	echo "Forwarding from 127.0.0.1:${2#:} -> ${2#:}"
	exec sleep 2147483647
	;;
create | replace)
	exec 9>lock
	flock 9
	cat >"new.$$"
	kind=$(sed 's/.*"kind":"\([A-Za-z]*\)".*/\1/' "new.$$" | tr A-Z a-z)
	name=$(sed 's/.*"metadata":{[^}]*"name":"\([^"]*\)".*/\1/' "new.$$")
	file=$kind-$name.json
	if [ "$verb" = create ]; then
		[ -f "$file" ] && refuse AlreadyExists "$file"
		sed 's/"metadata":{/"metadata":{"resourceVersion":"1",/' "new.$$" >"done.$$"
	else
		[ -f "$file" ] || refuse NotFound "$file"
		[ "$(version <"$file")" = "$(version <"new.$$")" ] || refuse Conflict "$file"
		next=$(($(version <"$file") + 1))
		sed 's/"resourceVersion":"[0-9]*"/"resourceVersion":"'$next'"/' "new.$$" >"done.$$"
	fi
	rm "new.$$"
	mv "done.$$" "$file"
	exec cat "$file"
	;;
esac
