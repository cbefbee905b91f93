#!/usr/bin/env bash
# Builds the packages from the release binary: target/dist/*.deb, *.rpm and the bill of materials.
# Usage: dist.sh
# SOFIE_BIN=target/release/sofie   the binary to pack
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

binary=${SOFIE_BIN:-target/release/sofie}
inspector=${binary%/*}/sofie-inspect
[ -x "$binary" ] && [ -x "$inspector" ] || { echo "error: there is no binary at $binary: run make dist" >&2; exit 1; }
version=$("$binary" --version | cut -d' ' -f2)
out="$ROOT/target/dist"
work="$out/work"
rm -rf "$out"
mkdir -p "$work/manual"

# The same commit gives the same packages.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y "$binary")
export SOURCE_DATE_EPOCH

echo "==> manual pages, completions, bill of materials"
cargo xtask manual "$work/manual"
cargo xtask sbom "$out/sofie-$version.cdx.json"

# put MODE FROM TO: a file of the package, with its folders.
put() { install -D -m "$1" "$2" "$stage$3"; }

# lay_out STAGE ZSH: everything that both kinds of packages hold; where zsh looks differs.
lay_out() {
    stage=$1
    put 755 "$binary" /usr/bin/sofie
    put 755 "$inspector" /usr/libexec/sofie/sofie-inspect
    # The very file that is built into the program.
    put 640 crates/server/src/config/sofie.toml /etc/sofie/sofie.toml
    local file
    for file in packaging/systemd/*.service; do put 644 "$file" "/usr/lib/systemd/system/${file##*/}"; done
    put 644 packaging/sysusers/sofie.conf /usr/lib/sysusers.d/sofie.conf
    put 644 packaging/tmpfiles/sofie.conf /usr/lib/tmpfiles.d/sofie.conf
    put 644 packaging/nginx/sofie.conf /usr/share/sofie/nginx/sofie.conf
    put 644 packaging/grafana/sofie.json /usr/share/sofie/grafana/sofie.json
    put 644 packaging/prometheus/sofie-alerts.yml /usr/share/sofie/prometheus/sofie-alerts.yml
    for file in docs/manual/*.md; do put 644 "$file" "/usr/share/doc/sofie/${file##*/}"; done
    put 644 docs/api/openapi.json /usr/share/doc/sofie/openapi.json
    for file in "$work"/manual/man/*.1; do
        put 644 "$file" "/usr/share/man/man1/${file##*/}"
        gzip -9n "$stage/usr/share/man/man1/${file##*/}"
    done
    put 644 "$work/manual/completions/sofie.bash" /usr/share/bash-completion/completions/sofie
    put 644 "$work/manual/completions/_sofie" "$2/_sofie"
    put 644 "$work/manual/completions/sofie.fish" /usr/share/fish/vendor_completions.d/sofie.fish
}

# newest NAME: the newest version of NAME_1.2 among the symbols that the binary asks for.
newest() { grep -aoE "$1_[0-9]+\.[0-9]+" "$binary" | sort -Vu | tail -n 1 | cut -d_ -f2; }
# The libraries that the binary asks for, as a dependency. That of the compiler is counted in whole versions.
libraries() {
    local gcc
    gcc=$(newest GCC)
    echo "libc6 (>= $(newest GLIBC)), libgcc-s1 (>= ${gcc%%.*})"
}

build_deb() {
    local architecture tree="$work/deb"
    architecture=$(dpkg --print-architecture)
    lay_out "$tree" /usr/share/zsh/vendor-completions
    stage=$tree
    put 644 packaging/deb/copyright /usr/share/doc/sofie/copyright
    put 644 packaging/deb/lintian-overrides /usr/share/lintian/overrides/sofie
    printf 'sofie (%s) stable; urgency=medium\n\n  * Release %s.\n\n -- SOFiE maintainers <sofie@example.org>  %s\n' \
        "$version" "$version" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" |
        gzip -9n >"$tree/usr/share/doc/sofie/changelog.gz"
    local size
    size=$(du -sk --apparent-size "$tree" | cut -f1)
    mkdir "$tree/DEBIAN"
    sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/; s/@LIBRARIES@/$(libraries)/" \
        packaging/deb/control >"$tree/DEBIAN/control"
    install -m 644 packaging/deb/conffiles "$tree/DEBIAN/conffiles"
    install -m 755 packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm "$tree/DEBIAN/"
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$work/md5sums"
    install -m 644 "$work/md5sums" "$tree/DEBIAN/md5sums"
    find "$tree" -type d -exec chmod 755 {} +
    dpkg-deb --root-owner-group --build "$tree" "$out/sofie_${version}_$architecture.deb" >/dev/null
}

build_rpm() {
    local tree="$work/rpm"
    lay_out "$tree" /usr/share/zsh/site-functions
    install -d "$tree/var/sofie/data"
    find "$tree" -type d -exec chmod 755 {} +
    rpmbuild -bb --quiet --define "_topdir $work/rpmbuild" --define "_rpmdir $out" \
        --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
        --define "staged $tree" --define "version_of_sofie $version" \
        --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
        --define '_buildhost localhost' packaging/rpm/sofie.spec
}

echo "==> deb"
build_deb
echo "==> rpm"
build_rpm
rm -rf "$work"

echo "==> lint"
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$out"/*.deb
rpmlint --strict --config packaging/rpm/rpmlint.toml "$out"/*.rpm
(cd "$out" && sha256sum -- *.deb *.rpm *.json >SHA256SUMS && cat SHA256SUMS)
