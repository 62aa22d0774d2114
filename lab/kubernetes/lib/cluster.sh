# shellcheck shell=bash
# Starting, stopping, looking at the cluster; its profiles.

kubectl() { "$BIN/kubectl" --kubeconfig "$LAB_DIR/admin.kubeconfig" "$@"; }

start_cluster() {
  make_certificates || return 1
  start_service etcd
  await_service 30 etcd port_open 12379 || return 1
  start_service kube-apiserver
  await_service 90 kube-apiserver kubectl get --raw /readyz || return 1
  start_service kube-controller-manager
  start_service kube-scheduler
  await_service 60 kube-controller-manager port_open 10257 || return 1
  await_service 60 kube-scheduler port_open 10259 || return 1
  start_service kwok
}

stop_cluster() {
  local name
  for name in kwok kube-scheduler kube-controller-manager kube-apiserver etcd; do stop_service "$name"; done
}

show_status() {
  local name pid failed=0
  for name in "${ORDER[@]}"; do
    if pid=$(service_pid "$name"); then
      printf '%-26s pid %-8s %s MB\n' "$name" "$pid" "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
    else
      printf '%-26s down, log: %s\n' "$name" "$LOGS/$name.log"
      failed=1
    fi
  done
  [ $failed = 0 ] && kubectl version && kubectl get nodes && kubectl get storageclass
}

# The profiles lay their objects over each other: `scs` is what a good cluster shows, `broken` has faults (README.md).
set_profile() { # name
  case $1 in scs|broken) ;; *) die "there is no profile '$1': scs or broken." ;; esac
  kubectl apply -f "$LAB_HOME/manifests/scs.yaml" || return 1
  if [ "$1" = broken ]; then
    kubectl apply -f "$LAB_HOME/manifests/broken.yaml" || return 1
  else
    kubectl delete --ignore-not-found -f "$LAB_HOME/manifests/broken-only.yaml" || return 1
  fi
  [ "$1" = broken ] && { kubectl apply -f "$LAB_HOME/manifests/broken-only.yaml" || return 1; }
  echo "$1" > "$LAB_DIR/profile"
}
