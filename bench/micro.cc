// Micro-benchmarks of the hot paths: what one row, one number or one hash costs.
//
//   build/bench/bench/cortex_micro [--benchmark_filter=Row]
//
// All data is made here from a fixed seed, shaped like the events of bench/data.py: rows of about
// 0.9 kB, payloads of text, numbers and nested objects. bench/README.md says how to read the
// figures.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/fs/fs.h"
#include "base/text.h"
#include "core/event_codec.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "json/number.h"
#include "json/value.h"
#include "ledger/chain.h"
#include "ledger/session_reader.h"
#include "ledger/signed_row.h"
#include "ledger/verify.h"

namespace cortex {
namespace {

constexpr std::size_t kSampleRows = 256;
constexpr std::uint64_t kChainRows = 20'000;
constexpr std::size_t kTextBytes = 290;

// Words without meaning: the hot paths see lengths, letters and now and then an escape.
class Samples {
 public:
  std::string text(std::size_t size) {
    static constexpr std::array<std::string_view, 16> kWords{
        "ledger", "append", "commit",  "the",     "of",   "and",    "snapshot",  "verify",
        "a\\nb",  "to",     "timeout", "request", "cafe", "status", "\\\"x\\\"", "index"};
    std::string out;
    while (out.size() < size) {
      if (!out.empty()) out.push_back(' ');
      out.append(kWords[pick(kWords.size())]);
    }
    return out;
  }
  // Keys in canonical order or not, as programs write both.
  std::string payload(bool sorted) {
    const std::string numbers =
        cat("\"usage\":{\"bytes\":", pick(1U << 20), ",\"lines\":", pick(900), "}");
    const std::string elapsed = cat("\"elapsed_ms\":", pick(100'000), ".125");
    const std::string words = cat("\"output\":\"", text(kTextBytes), "\"");
    if (sorted) return cat("{", elapsed, ",\"ok\":true,", words, ",", numbers, "}");
    return cat("{", words, ",", numbers, ",\"ok\":true,", elapsed, "}");
  }
  std::string session_event(bool sorted) {
    Ulid id;
    id.high = 0x018F'0000'0000'0000U;
    id.low = engine_();
    return cat("{\"id\":\"", core::id_text(core::IdKind::kEvent, id),
               "\",\"schema_version\":2,\"observed_at\":\"2026-01-02T03:04:05.678Z\","
               "\"recorded_at\":\"2026-01-02T03:04:05.681Z\",\"source\":{\"type\":\"tool\","
               "\"name\":\"shell\"},\"event_type\":\"cortex.event.tool_result.v1\","
               "\"trace_id\":\"trc_01KDYABKWCXYKTCFM844EC97S6\",\"session_id\":\"session-00001\","
               "\"domain_tags\":[\"build\",\"tests\"],\"payload\":",
               payload(sorted),
               ",\"payload_hash\":\"\",\"prev_event_hash\":null,\"event_hash\":\"\"}");
  }
  std::string session(std::size_t count, bool sorted) {
    std::string out = "{\"events\":[";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out.push_back(',');
      out.append(session_event(sorted));
    }
    return out + "]}";
  }
  std::uint64_t pick(std::uint64_t below) { return engine_() % below; }

 private:
  std::mt19937_64 engine_{20260102};
};

// Sealed events of a chain, and their rows.
struct Chain {
  std::vector<core::Event> events;
  std::vector<std::string> rows;
  std::size_t bytes = 0;
};

Chain make_chain(std::size_t count) {
  Chain chain;
  Samples samples;
  std::optional<std::string> head;
  core::DecodedEvent decoded;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = samples.session_event(false);
    json::Cursor cursor(text);
    CORTEX_CHECK(core::decode_event(cursor, core::Dialect::kSession, decoded));
    ledger::seal(decoded.event, head);
    head = decoded.event.event_hash;
    chain.events.push_back(decoded.event);
    core::append_row(chain.rows.emplace_back(), decoded.event);
    chain.bytes += chain.rows.back().size();
  }
  return chain;
}

void set_rates(benchmark::State& state, std::size_t items, std::size_t bytes) {
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(items));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
}

void RowDecode(benchmark::State& state) {
  const Chain chain = make_chain(kSampleRows);
  core::DecodedEvent decoded;
  for (auto _ : state) {
    for (const std::string& row : chain.rows) {
      json::Cursor cursor(row);
      const bool good = core::decode_event(cursor, core::Dialect::kLedgerRow, decoded);
      benchmark::DoNotOptimize(good);
    }
  }
  set_rates(state, chain.rows.size(), chain.bytes);
}
BENCHMARK(RowDecode);

void AppendRow(benchmark::State& state) {
  const Chain chain = make_chain(kSampleRows);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const core::Event& event : chain.events) core::append_row(out, event);
    benchmark::DoNotOptimize(out.data());
  }
  set_rates(state, chain.rows.size(), chain.bytes);
}
BENCHMARK(AppendRow);

void Seal(benchmark::State& state) {
  Chain chain = make_chain(kSampleRows);
  const std::optional<std::string> head = chain.events.front().event_hash;
  for (auto _ : state) {
    for (core::Event& event : chain.events) ledger::seal(event, head);
  }
  set_rates(state, chain.rows.size(), chain.bytes);
}
BENCHMARK(Seal);

// Argument: 1 when the payload's keys are in canonical order already.
void CanonicalPayload(benchmark::State& state) {
  Samples samples;
  const std::string payload = samples.payload(state.range(0) == 1);
  for (auto _ : state) {
    auto canonical = core::canonical_payload(payload, 1);
    benchmark::DoNotOptimize(canonical);
  }
  set_rates(state, 1, payload.size());
}
BENCHMARK(CanonicalPayload)->ArgName("sorted")->Arg(0)->Arg(1);

void EventHash(benchmark::State& state) {
  const std::optional<std::string> previous = crypto::blake3_hex("previous");
  const std::string payload = crypto::blake3_hex("payload");
  for (auto _ : state) {
    auto hash = ledger::event_hash(previous, payload);
    benchmark::DoNotOptimize(hash);
  }
  set_rates(state, 1, previous->size() + payload.size());
}
BENCHMARK(EventHash);

// A ledger file that lives in memory where the system has such a place.
class Scratch {
 public:
  explicit Scratch(const std::string& bytes) {
    const auto shared = fs::posix().stat("/dev/shm");
    const bool in_memory = shared.ok() && shared->kind == fs::Kind::kDirectory;
    folder_ = fs::join(in_memory ? "/dev/shm" : "/tmp", "cortex-micro-XXXXXX");
    CORTEX_CHECK(::mkdtemp(folder_.data()) != nullptr);
    const std::string path = fs::join(folder_, "events.jsonl");
    CORTEX_CHECK(fs::write_new(fs::posix(), path, bytes, 0600).ok());
    auto file = fs::posix().open(path, fs::Open::kRead);
    CORTEX_CHECK(file.ok());
    file_ = std::move(file).value();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { static_cast<void>(fs::remove_tree(fs::posix(), folder_).ok()); }
  fs::File& file() { return *file_; }

 private:
  std::string folder_;
  std::unique_ptr<fs::File> file_;
};

// Argument: threads.
void VerifyChain(benchmark::State& state) {
  const auto threads = static_cast<unsigned>(state.range(0));
  const Chain chain = make_chain(kChainRows);
  std::string bytes;
  for (const std::string& row : chain.rows) bytes.append(row).push_back('\n');
  Scratch scratch(bytes);
  for (auto _ : state) {
    auto report = ledger::verify_chain(scratch.file(), bytes.size(), {.threads = threads});
    if (!report.ok() || !report->closed() || report->rows != kChainRows) {
      state.SkipWithError("the chain does not verify");
      break;
    }
  }
  set_rates(state, kChainRows, bytes.size());
}
BENCHMARK(VerifyChain)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// One raw verification over as many bytes as a row's preimage has: what VerifySigned is held
// against. Threads as there.
void Ed25519Verify(benchmark::State& state) {
  const crypto::SigningKey key{crypto::Seed{7}};
  const std::string message(420, 'x');
  const crypto::Signature signature = key.sign(message);
  for (auto _ : state) {
    if (!crypto::verify(key.public_key(), message, signature)) {
      state.SkipWithError("the signature does not verify");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Ed25519Verify)->Threads(1)->Threads(2)->UseRealTime();

// A ledger whose rows are all signed. Argument: threads.
void VerifySigned(benchmark::State& state) {
  const auto threads = static_cast<unsigned>(state.range(0));
  const crypto::SigningKey key{crypto::Seed{7}};
  Chain chain = make_chain(kChainRows);
  ledger::Lineage lineage{};
  std::string bytes;
  for (core::Event& event : chain.events) {
    lineage = ledger::sign_row(event, key, "events", lineage, event.recorded_at);
    core::append_row(bytes, event);
    bytes.push_back('\n');
  }
  Scratch scratch(bytes);
  for (auto _ : state) {
    auto report = ledger::verify_chain(
        scratch.file(), bytes.size(),
        {.threads = threads, .signed_chain = ledger::SignedChain{key.public_key(), "events", {}}});
    if (!report.ok() || !report->closed() || report->signatures.rows_verified != kChainRows) {
      state.SkipWithError("the signatures do not verify");
      break;
    }
  }
  set_rates(state, kChainRows, bytes.size());
}
BENCHMARK(VerifySigned)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// A session text as a file that is read block by block.
ledger::ReadAt reader_of(const std::string& text) {
  return [&text](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    const std::size_t size = std::min<std::size_t>(out.size(), text.size() - offset);
    std::copy_n(text.data() + offset, size, out.data());
    return size;
  };
}

// Argument: 1 when the payloads' keys are in canonical order already.
void SessionDecode(benchmark::State& state) {
  Samples samples;
  const std::string text = samples.session(kSampleRows, state.range(0) == 1);
  std::size_t payload_bytes = 0;
  const auto on_event = [&](core::DecodedEvent& decoded) -> Status {
    payload_bytes += decoded.event.payload.size();
    return {};
  };
  for (auto _ : state) {
    const auto summary =
        ledger::read_session(reader_of(text), {.on_restart = [] {}, .on_event = on_event});
    benchmark::DoNotOptimize(payload_bytes);
    if (!summary.ok()) state.SkipWithError("the session does not decode");
  }
  set_rates(state, kSampleRows, text.size());
}
BENCHMARK(SessionDecode)->ArgName("sorted")->Arg(0)->Arg(1);

// One token a kind: a small integer, a timestamp, a short decimal, a double of 17 digits.
constexpr std::array<const char*, 4> kNumbers{"42", "1767322800000", "98.625",
                                              "0.12345678901234568"};

void ReadNumber(benchmark::State& state) {
  const std::string_view token = kNumbers[static_cast<std::size_t>(state.range(0))];
  json::Number number;
  for (auto _ : state) {
    const bool good = json::read_number(token, number);
    benchmark::DoNotOptimize(good);
    benchmark::DoNotOptimize(number);
  }
  state.SetLabel(std::string(token));
}
BENCHMARK(ReadNumber)->DenseRange(0, kNumbers.size() - 1);

void WriteNumber(benchmark::State& state) {
  const std::string_view token = kNumbers[static_cast<std::size_t>(state.range(0))];
  json::Number number;
  CORTEX_CHECK(json::read_number(token, number));
  std::string out;
  for (auto _ : state) {
    out.clear();
    json::write_number(out, number);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(std::string(token));
}
BENCHMARK(WriteNumber)->DenseRange(0, kNumbers.size() - 1);

// Argument: one character in so many is not ASCII; 0: all are.
void Utf8Check(benchmark::State& state) {
  const auto every = static_cast<std::size_t>(state.range(0));
  std::string text;
  for (std::size_t i = 0; text.size() < (64U << 10); ++i) {
    text.append(every > 0 && i % every == 0 ? "\xC3\xA9" : "e");
  }
  for (auto _ : state) {
    const bool good = is_valid_utf8(text);
    benchmark::DoNotOptimize(good);
  }
  set_rates(state, 1, text.size());
}
BENCHMARK(Utf8Check)->ArgName("one_in")->Arg(0)->Arg(100)->Arg(5);

void Blake3(benchmark::State& state) {
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    auto digest = crypto::blake3(bytes);
    benchmark::DoNotOptimize(digest);
  }
  set_rates(state, 1, bytes.size());
}
BENCHMARK(Blake3)->RangeMultiplier(4)->Range(64, 64 << 10)->Arg(512);

}  // namespace
}  // namespace cortex
