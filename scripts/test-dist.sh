#!/usr/bin/env bash
# Installs the deb of target/dist into a clean Debian that boots in a container, and has it live there: first start,
# a package of files through the walls of the units, update, removal, purge, and the processes one by one.
# Usage: test-dist.sh   (root, and a machine that may start containers; minutes)
# DEBIAN_MIRROR=http://deb.debian.org/debian   where the clean Debian comes from; SUITE=bookworm
# KEEP=1   leaves the tree for a look
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

[ "$(id -u)" = 0 ] || { echo "error: this test needs root" >&2; exit 1; }
debs=(target/dist/sofie_*.deb)
[ -e "${debs[0]}" ] || { echo "error: there is no package in target/dist: run make dist" >&2; exit 1; }
suite=${SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
base="$ROOT/target/dist-test/$suite"
tree="$ROOT/target/dist-test/tree"
log="$ROOT/target/dist-test/log"
container=
leader=
passed=0
failed=0

finish() {
    if [ -n "$container" ]; then
        kill "$container" 2>/dev/null || true
        wait "$container" 2>/dev/null || true
    fi
    if [ -z "${KEEP:-}" ]; then rm -rf --one-file-system "$tree"; fi
}
trap finish EXIT

# check TEXT COMMAND…: runs it, and says what came of it.
check() {
    local text=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "✔ $text"
    else
        failed=$((failed + 1))
        echo "✘ $text"
        sed 's/^/    /' "$log" | tail -n 40
    fi
}

# A container of its own for each call, before there is a running system.
outside() { systemd-nspawn --quiet --register=no --keep-unit --pipe --directory "$tree" "$@" </dev/null; }
# find_leader: the container's own first process, among the short-lived helpers of nspawn.
find_leader() {
    local pid
    for pid in $(pgrep --parent "$container"); do
        if grep -qE '^NSpid:.*\s1$' "/proc/$pid/status" 2>/dev/null; then
            leader=$pid
            return 0
        fi
    done
    return 1
}
# A command in the running system, as its root.
inside() { nsenter --target "$leader" --mount --pid --net --ipc --uts --cgroup --root --wd "$@"; }
as_sofie() { inside runuser --user sofie -- "$@"; }
not() { if "$@"; then return 1; fi; }
# eventually COMMAND…: tries for half a minute.
eventually() {
    local _
    for _ in $(seq 60); do
        if "$@"; then return 0; fi
        sleep 0.5
    done
    return 1
}
healthy() { [ "$(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9090/healthz)" = 200 ]; }
mode_of() { inside stat -c '%a %U:%G' "$1"; }
has_mode() { [ "$(mode_of "$1")" = "$2" ] || { mode_of "$1"; return 1; }; }
sha_of() { inside sha256sum "$1" | cut -d' ' -f1; }
main_pid() { inside systemctl show --property MainPID --value sofie; }

config=(--config /etc/sofie/sofie.toml)

# new_user NAME: makes one, and leaves an API token in the tree.
new_user() {
    inside sh -c 'echo "correct horse battery staple 7" >/run/password && chmod 644 /run/password' &&
        as_sofie sofie user add --email "$1" --password-file /run/password "${config[@]}" &&
        as_sofie sofie token create --user "$1" "${config[@]}" | inside tee /run/token
}
# delivers: a file goes through upload, inspector and verdict, and comes back the same.
delivers() {
    inside sh -ec 'rm -rf /run/out
        seq 200000 >/run/numbers.txt
        link=$(sofie send /run/numbers.txt --server http://127.0.0.1:9090 --token "$(cat /run/token)" \
            --type public --wait --json | tee /run/sent | grep -o "http[^\"]*/p#[^\"]*")
        sofie get "$link" -o /run/out
        cmp /run/numbers.txt /run/out/numbers.txt'
}
still_there() {
    inside sh -ec 'rm -rf /run/out; sofie get "$(grep -o "http[^\"]*/p#[^\"]*" /run/sent)" -o /run/out
        cmp /run/numbers.txt /run/out/numbers.txt'
}

# walled UNIT: whether a process within the walls of the unit can have Landlock, which the inspector needs, and nothing
# that the walls are for.
walled() {
    cat >"$tree/usr/local/bin/walls" <<'END'
#!/usr/bin/perl
# 444: landlock_create_ruleset, asked for its version. 175: init_module.
my $landlock = syscall(444, 0, 0, 1);
syscall(175, 0, 0, 0);
my $modules = $!{EPERM};
my $etc = !open(my $a, '>', '/etc/walls');
my $configuration = !open(my $b, '>>', '/etc/sofie/sofie.toml') && !rename('/etc/sofie/sofie.toml', '/etc/sofie/moved');
my $key = open(my $c, '>', '/etc/sofie/probe') && unlink('/etc/sofie/probe');
my $data = open(my $d, '>', '/var/sofie/probe') && unlink('/var/sofie/probe');
print "landlock $landlock modules $modules etc $etc configuration $configuration key $key data $data\n";
exit !($landlock > 0 && $modules && $etc && $configuration && $key && $data);
END
    chmod 755 "$tree/usr/local/bin/walls"
    {
        printf '[Service]\nType=oneshot\nExecStart=/usr/bin/perl /usr/local/bin/walls\n'
        sed -n '/^# Walls/,/^\[Install\]/p' "packaging/systemd/$1.service" | grep -v '^\[Install\]'
    } >"$tree/etc/systemd/system/walls.service"
    inside systemctl daemon-reload
    inside systemctl start walls.service || { inside journalctl --no-pager -u walls.service; return 1; }
}

echo "==> a clean $suite"
mkdir -p "${base%/*}"
if [ ! -e "$base.made" ]; then
    rm -rf --one-file-system "$base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,ca-certificates,curl "$suite" "$base" "$mirror" >"$log"
    touch "$base.made"
fi
rm -rf --one-file-system "$tree"
cp -a "$base" "$tree"
cp "${debs[0]}" "$tree/root/sofie.deb"

echo "==> installation"
check "reads the lists of packages" outside apt-get update
check "installs with what it needs" outside env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends /root/sofie.deb
check "the units are right" outside sh -c 'systemd-analyze verify --man=no /usr/lib/systemd/system/sofie*.service'
for unit in sofie sofie-web sofie-worker sofie-scheduler; do
    check "$unit: exposed by at most 2.0" systemd-analyze security --offline=true --threshold=20 --no-pager \
        "$tree/usr/lib/systemd/system/$unit.service"
done

echo "==> a machine with it"
# nspawn has a filter of its own, without Landlock unless it is named.
systemd-nspawn --quiet --register=no --keep-unit --private-network --boot --directory "$tree" \
    --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
    </dev/null >"$log.boot" 2>&1 &
container=$!
eventually find_leader || { cat "$log.boot"; exit 1; }
check "boots" eventually inside systemctl is-active --quiet multi-user.target
check "is not started by the installation" not inside systemctl is-active --quiet sofie.service
check "starts" inside systemctl enable --now --quiet sofie.service
check "answers" eventually healthy
check "the key is its own" has_mode /etc/sofie/kek "400 sofie:sofie"
check "the configuration is root's" has_mode /etc/sofie/sofie.toml "640 root:sofie"
check "the data is its own" has_mode /var/sofie/data "700 sofie:sofie"
check "the doctor finds nothing" as_sofie sofie doctor "${config[@]}"
check "makes a user" new_user eva@example.org
check "delivers a file" delivers
check "the inspector can lock itself in within the walls" walled sofie

echo "==> update"
inside sed -i 's/^drain_seconds = .*/drain_seconds = 20/' /etc/sofie/sofie.toml
before=$(sha_of /etc/sofie/sofie.toml)
pid=$(main_pid)
dpkg-deb --raw-extract "$tree/root/sofie.deb" "$tree/root/newer"
sed -i 's/^Version: .*/&+1/' "$tree/root/newer/DEBIAN/control"
dpkg-deb --root-owner-group --build "$tree/root/newer" "$tree/root/newer.deb" >"$log"
check "updates" inside dpkg --install /root/newer.deb
check "keeps a changed configuration" test "$before" = "$(sha_of /etc/sofie/sofie.toml)"
check "goes on with the new program" eventually healthy
check "in a new process" test "$pid" != "$(main_pid)"
check "what was delivered is still there" still_there
check "installs over itself" inside dpkg --install /root/newer.deb
check "answers" eventually healthy

echo "==> removal"
key=$(sha_of /etc/sofie/kek)
check "is removed" inside dpkg --remove sofie
check "is stopped" not inside sh -c 'grep -lx sofie /proc/[0-9]*/comm'
check "removal keeps the configuration" inside test -e /etc/sofie/sofie.toml
inside dpkg --purge sofie >"$log.purge" 2>&1
check "purge says what it keeps" grep -q 'Kept, with all files.*/var/sofie /etc/sofie' "$log.purge"
check "purge removes the configuration" not inside test -e /etc/sofie/sofie.toml
check "purge keeps the key" test "$key" = "$(sha_of /etc/sofie/kek)"
check "purge keeps the data" inside test -d /var/sofie/data/postgres
check "installs again" inside dpkg --install /root/sofie.deb
check "starts again" inside systemctl enable --now --quiet sofie.service
check "with everything that was there" still_there

echo "==> processes of their own, on a PostgreSQL server"
inside systemctl disable --now --quiet sofie.service
inside runuser --user postgres -- psql --quiet --command "create role sofie login password 'secret'" \
    --command "create database sofie owner sofie" >"$log" 2>&1 || cat "$log"
inside sh -ec 'umask 077; echo "postgres://sofie:secret@127.0.0.1/sofie" >/etc/sofie/database-url
    chown sofie /etc/sofie/database-url
    sed -i -e "s|^kind = \"private\"|kind = \"server\"|" -e "s|^#url_file|url_file|" -e "s|^#data_dir = .*|data_dir = \"/var/sofie/files\"|" \
        -e "s|^#kek_file|kek_file|" /etc/sofie/sofie.toml'
check "its schema is made by a command" inside runuser --user sofie -- sofie migrate --config /etc/sofie/sofie.toml
for unit in sofie-web sofie-worker sofie-scheduler; do
    check "$unit starts" inside systemctl start $unit.service
done
check "makes a user" new_user adam@example.org
check "delivers a file" delivers
for unit in sofie-web sofie-worker sofie-scheduler; do
    check "$unit has run without a fall" test 0 = "$(inside systemctl show --property NRestarts --value $unit)"
    check "$unit stops by itself" inside sh -c "systemctl stop $unit && test success = \$(systemctl show -p Result --value $unit)"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
