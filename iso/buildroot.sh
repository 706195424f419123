#!/bin/bash
# buildroot.sh - make the Debian trixie build root in which everything is compiled and tested.
#
# The packages come from this machine's own Debian archive entries in /etc/apt, with the
# suite replaced; apt checks the archive's signature with Debian's archive keyring. The root
# lives outside the repository, under a name that is a digest of all that decides its content.
set -euo pipefail

SUITE=trixie
VARIANT=minbase
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FORMAT=1				# raise when this script changes what is in the root
HERE=$(cd "$(dirname "$0")" && pwd)
LIST=$HERE/packages.txt
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cornerstone}
APT_DIR=${APT_DIR:-/etc/apt}

usage()
{
	cat <<-END
	usage: iso/buildroot.sh [--path | --sources | --list | --help]

	Makes the build root if it is missing and prints its path as the last line.
	  --path     print the path only, make nothing
	  --sources  print the apt sources it would use
	  --list     print the packages
	Variables: CACHE (now $CACHE), APT_DIR (now $APT_DIR).
	As root it uses mmdebstrap --mode=root, otherwise --mode=unshare (needs uidmap
	and a range in /etc/subuid).
	END
}

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "buildroot: $*"
	exit 1
}

packages()
{
	sed -e 's/#.*//' "$LIST" | awk 'NF { print $1 }' | LC_ALL=C sort -u
}

# What decides the content: the suite, the variant, this format, the list.
key()
{
	{ printf '%s %s %s %s\n' "$SUITE" "$VARIANT" "$FORMAT" "$(id -u | sed 's/^[1-9].*/user/')"
	  packages; } | sha256sum | cut -c1-16
}

# One-line entries of all source files, as "TYPE|OPTIONS|URI|SUITE|COMPONENTS".
entries()
{
	local f
	for f in "$APT_DIR"/sources.list "$APT_DIR"/sources.list.d/*.list; do
		[ -f "$f" ] || continue
		sed -e 's/#.*//' "$f" | awk '
			$1 == "deb" {
				opts = ""; sub(/^[ \t]*deb[ \t]+/, "")
				if ($0 ~ /^\[/) {
					opts = $0; sub(/\].*/, "", opts); sub(/^\[/, "", opts)
					sub(/^[^\]]*\][ \t]*/, "")
				}
				comps = ""
				for (i = 3; i <= NF; i++) comps = comps " " $i
				print "deb|" opts "|" $1 "|" $2 "|" comps
			}'
	done
	for f in "$APT_DIR"/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		grep -v '^[[:space:]]*#' "$f" | awk '
			function flush(   i, j, nu, ns, u, s) {
				if (v["types"] ~ /(^| )deb( |$)/ && tolower(v["enabled"]) != "no") {
					nu = split(v["uris"], u, " "); ns = split(v["suites"], s, " ")
					for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++)
						print "deb|signed-by=" v["signed-by"] "|" u[i] "|" s[j] "| " v["components"]
				}
				delete v
			}
			/^[ \t]*$/ { flush(); next }
			/^[ \t]/ { v[name] = v[name] " " $0; next }
			{ name = tolower($0); sub(/:.*/, "", name)
			  val = $0; sub(/^[^:]*:[ \t]*/, "", val); v[name] = val }
			END { flush() }'
	done
}

# The Debian archive's own entries, with our suite. An entry counts when it offers "main"
# for a Debian release, and is signed by Debian's archive keyring or names no key at all.
sources()
{
	entries | awk -F'|' -v suite="$SUITE" -v keyring="$KEYRING" '
		$2 ~ /signed-by=[^ ]/ && $2 !~ /debian-archive/ { next }
		(" " $5 " ") !~ / main / { next }
		$3 ~ /^cdrom:/ { next }
		{ sub(/\/$/, "", $3); s = $4; tail = ""
		  if (match(s, /-(updates|security)$/)) { tail = substr(s, RSTART); s = substr(s, 1, RSTART - 1) }
		  else if (sub(/\/updates$/, "", s)) tail = "-security" }
		s !~ /^(buster|bullseye|bookworm|trixie|forky|oldoldstable|oldstable|stable|testing|sid|unstable)$/ { next }
		{ line = "deb [signed-by=" keyring "] " $3 " " suite tail " main"
		  if (!(line in seen)) { seen[line] = 1; print line } }' | LC_ALL=C sort
}

# The machine's own ways through a proxy or with a clock of its own, as apt options.
apt_options()
{
	apt-config dump | grep -E '^Acquire::((https?|ftp|tor)::|(Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) )' |
	    grep -v '""; *$' || true
}

# Machine credentials for a private mirror are there only while apt runs.
lend_auth()
{
	local root=$1 f
	mkdir -p "$root/etc/apt/auth.conf.d"
	for f in "$APT_DIR"/auth.conf "$APT_DIR"/auth.conf.d/*.conf; do
		[ -f "$f" ] || continue
		install -m 600 "$f" "$root/etc/apt/auth.conf.d/lent-${f##*/}"
	done
}

return_auth()
{
	rm -f "$1"/etc/apt/auth.conf.d/lent-*
}

drop()
{
	local d=$1
	[ -e "$d" ] || return 0
	if [ "$(id -u)" = 0 ]; then
		rm -rf --one-file-system "$d"
	else
		unshare --map-root-user --map-auto rm -rf --one-file-system "$d"
	fi
}

# Everything but the packages that mmdebstrap needs to know.
bootstrap()
{
	local tmp=$1 opt
	local -a args=()
	while IFS= read -r opt; do
		[ -z "$opt" ] || args+=("--aptopt=$opt")
	done < <(apt_options)
	sources | mmdebstrap --mode="$([ "$(id -u)" = 0 ] && echo root || echo unshare)" \
	    --variant="$VARIANT" --architectures=amd64 --keyring="$KEYRING" \
	    --include="$(packages | paste -sd,)" "${args[@]}" \
	    --aptopt='APT::Install-Recommends "false"' \
	    --aptopt='Acquire::Languages "none"' \
	    --dpkgopt='force-unsafe-io' \
	    --dpkgopt='path-exclude=/usr/share/man/*' \
	    --dpkgopt='path-exclude=/usr/share/locale/*/LC_MESSAGES/*' \
	    --dpkgopt='path-exclude=/usr/share/doc/*' \
	    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	    --setup-hook="$(declare -f lend_auth); APT_DIR='$APT_DIR' lend_auth \"\$1\"" \
	    --customize-hook="$(declare -f return_auth); return_auth \"\$1\"" \
	    --skip=cleanup/apt/lists \
	    "$SUITE" "$tmp" - >&2
}

# An older root of the same format that only lacks packages: copy it and install the rest.
extend()
{
	local tmp=$1 old cand missing
	[ "$(id -u)" = 0 ] || return 1
	for cand in $(ls -dt "$CACHE"/root-*/ 2>/dev/null); do
		cand=${cand%/}
		case $cand in *.tmp) continue ;; esac
		[ -f "$cand/.cornerstone/packages" ] || continue
		[ "$(cat "$cand/.cornerstone/format")" = "$SUITE $VARIANT $FORMAT" ] || continue
		[ -z "$(comm -13 <(packages) "$cand/.cornerstone/packages")" ] || continue
		old=$cand
		break
	done
	[ -n "${old:-}" ] || return 1
	missing=$(comm -23 <(packages) "$old/.cornerstone/packages")
	say "== adding to a copy of ${old##*/}: $(echo $missing)"
	cp -a --reflink=auto "$old" "$tmp"
	lend_auth "$tmp"
	# apt outside this namespace would need the root's /dev and /proc
	if ! unshare -m sh -euc '
		mount --make-rprivate /
		mount --bind /proc "$1/proc"
		mount --bind /dev "$1/dev"
		[ ! -f /etc/resolv.conf ] || cat /etc/resolv.conf >"$1/etc/resolv.conf"
		root=$1; shift
		export DEBIAN_FRONTEND=noninteractive LC_ALL=C
		chroot "$root" apt-get -qq update
		chroot "$root" apt-get -qq -y --no-install-recommends install "$@"
		chroot "$root" apt-get clean
	' sh "$tmp" $missing >&2; then
		return_auth "$tmp"
		drop "$tmp"
		return 1
	fi
	return_auth "$tmp"
}

seal_root()
{
	local tmp=$1
	in_root()
	{
		if [ "$(id -u)" = 0 ]; then "$@"; else unshare --map-root-user --map-auto "$@"; fi
	}
	in_root mkdir -p "$tmp/.cornerstone"
	packages | in_root tee "$tmp/.cornerstone/packages" >/dev/null
	echo "$SUITE $VARIANT $FORMAT" | in_root tee "$tmp/.cornerstone/format" >/dev/null
	in_root chroot "$tmp" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' |
	    in_root tee "$tmp/.cornerstone/versions" >/dev/null
}

make_root()
{
	local root=$1 tmp=$1.tmp start=$SECONDS
	[ -r "$KEYRING" ] || die "$KEYRING is missing; install debian-archive-keyring"
	[ -n "$(sources)" ] ||
	    die "no entry of the Debian archive in $APT_DIR (sources.list, sources.list.d)"
	drop "$tmp"
	say "== build root: Debian $SUITE, $(packages | wc -l) packages and what they need"
	say "   downloads about 400 MB, takes about 1.9 GB under $CACHE, one to four minutes"
	say "   from:"
	sources | sed 's/^deb \[[^]]*\]/     /' >&2
	if ! extend "$tmp"; then
		say "== mmdebstrap"
		bootstrap "$tmp" || { drop "$tmp"; die "mmdebstrap failed"; }
	fi
	seal_root "$tmp"
	mv -T "$tmp" "$root"
	say "== build root ready: $(du -sh "$root" 2>/dev/null | cut -f1), $((SECONDS - start)) s"
}

main()
{
	local root
	root=$CACHE/root-$(key)
	case ${1:-} in
	--path) echo "$root"; return ;;
	--sources) sources; return ;;
	--list) packages; return ;;
	--help | -h) usage; return ;;
	'') ;;
	*) usage >&2; exit 2 ;;
	esac
	if [ ! -d "$root" ]; then
		mkdir -p "$CACHE"
		exec 9>"$CACHE/lock"
		flock 9		# two makes at once build one root
		[ -d "$root" ] || make_root "$root"
	fi
	echo "$root"
}

main "$@"
