#!/bin/bash
# buildroot.sh - make the Debian trixie build root in which everything is compiled and tested.
#
# The packages come from this machine's own Debian archive entries in /etc/apt, with the
# suite replaced; apt checks the archive's signature with Debian's archive keyring. The root
# lives outside the repository, under a name that is a digest of all that decides its content.
# Versions are those of iso/packages.lock where the archive still has them; .cornerstone/lock
# in the root says whether it is what the lock says: "locked" or "unlocked".
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin		# chroot, for ordinary users

VARIANT=minbase
FORMAT=1	# raise when this script changes what is in the root
HERE=$(cd "$(dirname "$0")" && pwd)
LIST=$HERE/packages.txt
LOCK=${LOCK:-$HERE/packages.lock}
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cornerstone}
. "$HERE/archive.sh"
. "$HERE/lock.sh"
PREFERENCES=etc/apt/preferences.d/cornerstone

usage()
{
	cat <<-END
	usage: iso/buildroot.sh [--path | --sources | --list | --relock | --help]

	Makes the build root if it is missing and prints its path as the last line.
	  --path     print the path only, make nothing
	  --sources  print the apt sources it would use
	  --list     print the packages
	  --relock   make a root of the archive's current versions, write them into the
	             lock, print what changed
	Variables: CACHE (now $CACHE), APT_DIR (now $APT_DIR), LOCKED=1 (refuse a
	root that is not what the lock says).
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

# What decides the content: the suite, the variant, this format, the list, the lock.
key()
{
	{ printf '%s %s %s %s\n' "$SUITE" "$VARIANT" "$FORMAT" "$(id -u | sed 's/^[1-9].*/user/')"
	  packages; lock_lines "$LOCK"; } | sha256sum | cut -c1-16
}

# Machine credentials for a private mirror are in the root only while apt runs.
auth_files()
{
	local f
	for f in "$APT_DIR"/auth.conf "$APT_DIR"/auth.conf.d/*.conf; do
		[ ! -r "$f" ] || echo "$f"
	done
}

lend_auth()
{
	local root=$1 f
	mkdir -p "$root/etc/apt/auth.conf.d"
	auth_files | while IFS= read -r f; do
		install -m 600 "$f" "$root/etc/apt/auth.conf.d/lent-${f##*/}"
	done
}

return_auth()
{
	rm -f "$1"/etc/apt/auth.conf.d/lent-*
}

# As root, or as the root of a user namespace in which the cache's files are at home.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-root-user --map-auto "$@"
	fi
}

drop()
{
	[ ! -e "$1" ] || as_root rm -rf --one-file-system "$1"
}

# A new root from the archive, with apt preferences from a file. For ordinary users it comes as a tar, so that the files can
# belong to the user rather than to the first of the user's subordinate ids.
bootstrap()
{
	local tmp=$1 preferences=$2 opt
	local -a args=()
	while IFS= read -r opt; do
		[ -z "$opt" ] || args+=("--aptopt=$opt")
	done < <(apt_options)
	args+=(
		--variant="$VARIANT" --architectures=amd64 --keyring="$KEYRING"
		--include="$(packages | paste -sd,)"
		--aptopt='APT::Install-Recommends "false"'
		--aptopt='Acquire::Languages "none"'
		--dpkgopt='force-unsafe-io'
		--dpkgopt='path-exclude=/usr/share/man/*'
		--dpkgopt='path-exclude=/usr/share/locale/*/LC_MESSAGES/*'
		--dpkgopt='path-exclude=/usr/share/doc/*'
		--dpkgopt='path-include=/usr/share/doc/*/copyright'
		--skip=cleanup/apt/lists
		--setup-hook="upload $preferences /$PREFERENCES"
		--customize-hook="rm \"\$1/$PREFERENCES\""
	)
	if [ -n "$(auth_files)" ]; then
		args+=(
			--setup-hook="$(declare -f auth_files lend_auth); APT_DIR='$APT_DIR' lend_auth \"\$1\""
			--customize-hook="$(declare -f return_auth); return_auth \"\$1\""
		)
	fi
	if [ "$(id -u)" = 0 ]; then
		sources | mmdebstrap --mode=root "${args[@]}" "$SUITE" "$tmp" - >&2
	else
		mkdir "$tmp"
		sources | mmdebstrap --mode=unshare --skip=output/dev --format=tar "${args[@]}" \
		    "$SUITE" - - | as_root tar -C "$tmp" -x
	fi
}

# The newest older root of the same format whose packages are all still wanted, in the
# locked versions.
base_for_extension()
{
	local cand
	for cand in $(ls -dt "$CACHE"/root-*/ 2>/dev/null); do
		cand=${cand%/}
		[ -f "$cand/.cornerstone/packages" ] || continue
		[ "$(cat "$cand/.cornerstone/format")" = "$SUITE $VARIANT $FORMAT" ] || continue
		[ -z "$(LC_ALL=C comm -13 <(packages) "$cand/.cornerstone/packages")" ] || continue
		[ -z "$(LC_ALL=C comm -13 <(lock_lines "$LOCK" | cut -d' ' -f1-3) \
		    <(LC_ALL=C sort "$cand/.cornerstone/versions"))" ] || continue
		echo "$cand"
		return
	done
}

# Install packages into a root, with apt preferences from a file; fails if apt does.
install_into()
{
	local root=$1 preferences=$2
	shift 2
	lend_auth "$root"
	as_root tee "$root/$PREFERENCES" <"$preferences" >/dev/null
	as_root unshare --mount --propagation private bash -euc '
		root=$1
		shift
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		[ ! -f /etc/resolv.conf ] || cat /etc/resolv.conf >"$root/etc/resolv.conf"
		export DEBIAN_FRONTEND=noninteractive LC_ALL=C
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin
		chroot "$root" apt-get -qq update
		chroot "$root" apt-get -qq -y --no-install-recommends install "$@"
		chroot "$root" apt-get clean
	' bash "$root" "$@" >&2 || return
	as_root rm "$root/$PREFERENCES"
	return_auth "$root"
}

# Copy that root and install what it lacks. It counts only if it comes out as the lock says,
# or if the lock is older than the list; otherwise a root from nothing may do better.
extend()
{
	local tmp=$1 preferences=$2 old missing
	old=$(base_for_extension)
	[ -n "$old" ] || return 1
	missing=$(LC_ALL=C comm -23 <(packages) "$old/.cornerstone/packages")
	say "== a copy of ${old##*/}${missing:+, and in it: $(echo $missing)}"
	as_root cp -a --reflink=auto "$old" "$tmp"
	if [ -z "$missing" ] || install_into "$tmp" "$preferences" $missing; then
		seal_root "$tmp"
		[ "$(state "$tmp")" != locked ] || return 0
		[ -z "$(packages | lock_forgets "$LOCK")" ] || return 0
	fi
	drop "$tmp"
	return 1
}

# What made it, for the next extension; which versions, for whoever compares two builds;
# the digests of their files, from the index that apt checked them against; and whether
# this is what the lock says.
seal_root()
{
	local tmp=$1 work=$WORK/seal
	mkdir "$work"
	packages >"$work/packages"
	echo "$SUITE $VARIANT $FORMAT" >"$work/format"
	as_root chroot "$tmp" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' |
	    LC_ALL=C sort >"$work/versions"
	as_root chroot "$tmp" apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
	    as_root xargs chroot "$tmp" /usr/lib/apt/apt-helper cat-file | index_lines >"$work/index"
	[ ! -f "$tmp/.cornerstone/digests" ] || cp "$tmp/.cornerstone/digests" "$work/known"
	with_digests $(ls "$work"/known "$work"/index 2>/dev/null) <"$work/versions" >"$work/digests"
	lock_differences "$LOCK" "$work/digests" >"$work/differences"
	{ [ -s "$work/differences" ] && echo unlocked || echo locked
	  cat "$work/differences"; } >"$work/lock"
	as_root mkdir -p "$tmp/.cornerstone"
	tar -C "$work" -c packages format versions digests lock |
	    as_root tar -C "$tmp/.cornerstone" -x --no-same-owner
	rm -r "$work"		# it may be called again
}

state()
{
	head -n 1 "$1/.cornerstone/lock"
}

# What the archive no longer has, or the lock never had, is known before anything is made.
judge_archive()
{
	local work=$WORK/archive
	mkdir "$work"
	open_archive "$work" deb || die "the archive's index cannot be fetched, or not verified"
	apt_index "$work" | lock_lacks "$LOCK" | sed 's/ [^ ]* [^ ]*$/, which the archive no longer has/' \
	    >"$work/unmet"
	packages | lock_forgets "$LOCK" | sed 's/$/, which is not in the lock/' >>"$work/unmet"
	[ -s "$work/unmet" ] || return 0
	say "== the locked packages cannot all be had:"
	shortly <"$work/unmet" >&2
	[ "${LOCKED:-}" != 1 ] || die "LOCKED=1, and ${LOCK##*/} cannot be met; run \"make iso-relock\""
}

announce()
{
	[ -r "$KEYRING" ] || die "$KEYRING is missing; install debian-archive-keyring"
	[ -n "$(sources)" ] ||
	    die "no entry of the Debian archive in $APT_DIR (sources.list, sources.list.d)"
	say "== build root: Debian $SUITE, $(packages | wc -l) packages and what they need"
	say "   downloads about 450 MB, takes 1.3 GB in $CACHE, one to four minutes"
	say "   from:"
	sources | sed 's/^deb \[[^]]*\]/     /' >&2
}

make_root()
{
	local root=$1 tmp=$1.tmp start=$SECONDS
	announce
	drop "$tmp"
	lock_preferences "$LOCK" >"$WORK/preferences"
	if ! extend "$tmp" "$WORK/preferences"; then
		judge_archive
		say "== mmdebstrap"
		bootstrap "$tmp" "$WORK/preferences" || { drop "$tmp"; die "mmdebstrap failed"; }
		seal_root "$tmp"
	fi
	if [ "$(state "$tmp")" != locked ]; then
		say "== unlocked: not the packages of ${LOCK##*/}; \"make iso-relock\" writes a new one:"
		sed 1d "$tmp/.cornerstone/lock" | shortly >&2
	fi
	mv -T "$tmp" "$root"
	say "== build root ready: $(du -sh "$root" 2>/dev/null | cut -f1), $((SECONDS - start)) s"
}

# A root of what the archive has now, from nothing; the lock is what came out, and the root
# is the new lock's root.
relock()
{
	local tmp=$CACHE/root-relock.tmp work=$WORK root
	announce
	drop "$tmp"
	: >"$work/preferences"
	bootstrap "$tmp" "$work/preferences" || { drop "$tmp"; die "mmdebstrap failed"; }
	seal_root "$tmp"
	! grep -q ' -$' "$tmp/.cornerstone/digests" || die "the archive's index lacks a package"
	{ echo '# The packages of the build root: name, version, architecture, sha256 of the .deb.'
	  echo '# Written by "make iso-relock".'
	  cat "$tmp/.cornerstone/digests"; } >"$work/lock"
	diff -U0 --label before --label after "$LOCK" "$work/lock" >"$work/diff" || true
	cp "$work/lock" "$LOCK"
	seal_root "$tmp"
	root=$CACHE/root-$(key)
	if [ -d "$root" ]; then
		drop "$tmp"
	else
		mv -T "$tmp" "$root"
	fi
	if [ -s "$work/diff" ]; then
		cat "$work/diff"
		say "== for review: $(grep -c '^+[^+]' "$work/diff") new lines in ${LOCK##*/}, $(grep -c '^-[^-]' "$work/diff") gone"
	else
		say "== ${LOCK##*/} is what the archive has now"
	fi
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
	'' | --relock) ;;
	*) usage >&2; exit 2 ;;
	esac
	if [ ! -d "$root" ] || [ "${1:-}" = --relock ]; then
		mkdir -p "$CACHE"
		exec 9>"$CACHE/lock"
		flock 9		# two makes at once build one root
		WORK=$(mktemp -d)
		trap 'rm -rf "$WORK"' EXIT
		[ "${1:-}" != --relock ] || { relock; return; }
		[ -d "$root" ] || make_root "$root"
	fi
	[ "${LOCKED:-}" != 1 ] || [ "$(state "$root")" = locked ] ||
	    die "LOCKED=1, and the build root is not what ${LOCK##*/} says; run \"make iso-relock\""
	echo "$root"
}

main "$@"
