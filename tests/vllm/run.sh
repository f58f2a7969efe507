#!/usr/bin/env bash
# Runs a command beside a real vLLM server on the CPU, whose address the command finds in KGBUILD_VLLM_URL: run.sh COMMAND...
#
# .venv-vllm is made from requirements.txt when it is not there: 3 GB from the package registry, nothing is compiled. The server is
# the leader of a process group of its own, since its engine and worker outlive it otherwise; the group is stopped whatever happens,
# and the command's exit code is kept. VLLM_PORT chooses the port.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.venv-vllm
uv=$root/.venv/bin/uv
port=${VLLM_PORT:-18010}
export UV_PYTHON_DOWNLOADS=never

# What was made from other files than today's is made again.
made_from=$(cat "$here/requirements.txt" "$here/make_tiny_model.py" | sha256sum)
if [ "$(cat "$venv/made-from" 2>/dev/null)" != "$made_from" ]; then
    echo "Installing vLLM into .venv-vllm ..." >&2
    "$uv" venv --quiet --clear --python 3.11 "$venv"
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes --requirements "$here/requirements.txt"
    "$venv/bin/python" "$here/make_tiny_model.py" "$venv/tiny"
    echo "$made_from" >"$venv/made-from"
fi

# One core is left to the client; seeds on the CPU need prompts in one piece; whole blanks between keys would never end.
HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 VLLM_CPU_OMP_THREADS_BIND=0 setsid "$venv/bin/python" \
    -m vllm.entrypoints.openai.api_server --model "$venv/tiny" --served-model-name tiny --host 127.0.0.1 --port "$port" \
    --max-model-len 2048 --dtype float32 --enforce-eager --kv-cache-memory-bytes 67108864 --enable-prompt-tokens-details \
    --no-enable-chunked-prefill --structured-outputs-config.backend guidance \
    --structured-outputs-config.disable_any_whitespace true >"$venv/server-$port.log" 2>&1 &
server=$!
stop() {
    kill -TERM -- "-$server" || true
    for _ in {1..40}; do
        kill -0 -- "-$server" || return 0
        sleep 0.25
    done
    kill -KILL -- "-$server" || true
}
trap 'stop 2>/dev/null' EXIT
trap 'exit 130' INT TERM

healthy() (
    exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /health HTTP/1.0\r\n\r\n' >&3 && read -r -t 5 answer <&3 && [[ $answer == *" 200 "* ]]
) 2>/dev/null
deadline=$((SECONDS + 600))
until healthy; do
    kill -0 "$server" 2>/dev/null || { tail -n 30 "$venv/server-$port.log" >&2; exit 1; }
    [ $SECONDS -lt $deadline ] || { echo "vLLM did not start in 10 minutes, see $venv/server-$port.log" >&2; exit 1; }
    sleep 0.5
done
KGBUILD_VLLM_URL="http://127.0.0.1:$port/v1" "$@"
