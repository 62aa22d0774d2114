# shellcheck shell=bash
# Builds the programs from the modules that go.mod and kwok/go.mod pin.

build_programs() {
  local version flags name began
  version=$(cd "$LAB_HOME" && go list -m -f '{{.Version}}' k8s.io/kubernetes) || return 1
  flags="-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=$(cut -d. -f1 <<< "${version#v}") -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<< "$version") -X k8s.io/component-base/version.gitTreeState=clean"
  for name in kube-apiserver kube-controller-manager kube-scheduler kubectl etcd kwok; do
    [ -x "$BIN/$name" ] && continue
    began=$(date +%s)
    printf 'building %-26s' "$name"
    case $name in
      etcd) (cd "$LAB_HOME" && go build -trimpath -ldflags "-s -w" -o "$BIN/$name" go.etcd.io/etcd/server/v3) ;;
      kwok) (cd "$LAB_HOME/kwok" && go build -trimpath -ldflags "-s -w" -o "$BIN/$name" sigs.k8s.io/kwok/cmd/kwok) ;;
      *) (cd "$LAB_HOME" && go build -trimpath -ldflags "$flags" -o "$BIN/$name" "k8s.io/kubernetes/cmd/$name") ;;
    esac >> "$LOGS/build.log" 2>&1 || { echo FAILED; tail -n 10 "$LOGS/build.log" >&2; return 1; }
    echo "$(( $(date +%s) - began )) s"
  done
  simulated_behaviour > "$LAB_DIR/kwok.yaml"
}

# How simulated nodes and pods behave: the definitions that come with kwok's own sources, for kwok knows none by itself.
simulated_behaviour() {
  local stages file
  stages=$(cd "$LAB_HOME/kwok" && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage || return 1
  for file in "$stages"/node/{fast,heartbeat-with-lease}/node-*.yaml "$stages"/pod/fast/pod-*.yaml; do
    echo ---
    cat "$file"
  done
}
