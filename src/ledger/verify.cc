#include "ledger/verify.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace cortex::ledger {
namespace {

std::uint64_t begin_of(const VerifyOptions& options) {
  return options.start ? options.start->head.size_bytes : 0;
}

// Threads take turns at reading the next chunk, check it on their own, and hand the result in; the
// results are joined in the order of the file. One lock for both: reading and joining are some
// hundredths of the work of checking. A chunk of signed rows that was checked under a key that a
// rotation has replaced meanwhile is checked again when it is joined; that takes place under the
// lock, and happens to the few chunks in flight at a rotation.
class Verification {
 public:
  Verification(fs::File& file, std::uint64_t size_bytes, VerifyOptions options)
      : reader_(file, begin_of(options), size_bytes, std::move(options.on_block)),
        on_row_(std::move(options.on_row)),
        signed_chain_(std::move(options.signed_chain)),
        pick_(std::move(options.pick)),
        chunk_options_{nullptr, !options.positions.empty(),
                       signed_chain_ ? &*signed_chain_ : nullptr,
                       static_cast<bool>(options.on_leaf), pick_ ? &pick_ : nullptr},
        assembler_(size_bytes - begin_of(options), std::move(options.positions),
                   chunk_options_.signed_chain, std::move(options.on_leaf),
                   std::move(options.on_picked)),
        repeat_(chunk_options_) {
    if (options.start) assembler_.begin_at(*options.start);
  }

  void work(std::size_t thread) {
    Done done;
    ChunkOptions options = chunk_options_;
    if (!on_row_.empty()) options.on_row = &on_row_[thread];
    ChunkCheck check(options);
    SignerState signer;
    while (const auto number = take(done.chunk, signer)) {
      done.report = check.check(done.chunk, signer);
      hand_in(*number, done);
    }
  }

  // After all threads have ended.
  Result<ChainReport> finish(fs::File& file, std::uint64_t size_bytes) {
    if (error_) return *std::move(error_);
    return assembler_.finish(file, size_bytes);
  }

 private:
  static constexpr std::uint64_t kAheadMax = 8;  // results that may wait for an earlier one

  struct Done {
    Chunk chunk;  // kept for signed rows only
    Result<ChunkReport> report = ChunkReport{};
  };

  // The next chunk's number, or nothing at the end or after an error. `signer`: what is known of
  // the signatures before the chunk, the lineage only when everything before it is joined.
  std::optional<std::uint64_t> take(Chunk& chunk, SignerState& signer) {
    std::unique_lock lock(mutex_);
    joined_more_.wait(lock, [this] { return stopped_ || taken_ - joined_ < kAheadMax; });
    if (stopped_) return std::nullopt;
    auto more = reader_.next(chunk);
    if (more.ok() && *more) {
      signer = assembler_.signer();
      if (taken_ != joined_) signer.lineage.reset();
      return taken_++;
    }
    stopped_ = true;
    if (!more.ok()) error_ = std::move(more).error();
    joined_more_.notify_all();
    return std::nullopt;
  }

  Status join(Done& done) {
    if (!done.report.ok()) return std::move(done.report).error();
    if (assembler_.must_repeat(*done.report)) {
      CORTEX_ASSIGN(*done.report, repeat_.check(done.chunk, assembler_.signer()));
    }
    return assembler_.add(std::move(done.report).value());
  }

  void hand_in(std::uint64_t number, Done& done) {
    const std::scoped_lock lock(mutex_);
    Done& waiting = waiting_[number];
    waiting.report = std::move(done.report);
    if (signed_chain_) std::swap(waiting.chunk, done.chunk);
    for (auto next = waiting_.begin(); next != waiting_.end() && next->first == joined_;
         next = waiting_.erase(next), ++joined_) {
      if (undecodable_) continue;
      auto status = join(next->second);
      if (status.ok()) continue;
      // It stands before whatever stopped the reading.
      undecodable_ = stopped_ = true;
      error_ = std::move(status).error();
    }
    joined_more_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable joined_more_;
  ChunkReader reader_;
  const std::vector<RowFunction> on_row_;
  const std::optional<SignedChain> signed_chain_;
  const PickFunction pick_;
  const ChunkOptions chunk_options_;
  ChainAssembler assembler_;
  ChunkCheck repeat_;
  std::map<std::uint64_t, Done> waiting_;
  std::uint64_t taken_ = 0;
  std::uint64_t joined_ = 0;
  bool stopped_ = false;
  bool undecodable_ = false;
  std::optional<Error> error_;
};

std::string joined(const std::vector<std::uint64_t>& numbers) {
  std::string out;
  for (const auto number : numbers) out += cat(out.empty() ? "" : ", ", number);
  return out;
}

}  // namespace

unsigned verify_threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 2U); }

Result<ChainReport> verify_chain(fs::File& file, std::uint64_t size_bytes, VerifyOptions options) {
  constexpr std::uint64_t kWorthAThread = 4U << 20;
  CORTEX_CHECK(begin_of(options) <= size_bytes);
  CORTEX_CHECK(options.on_row.empty() || options.on_row.size() == options.threads);
  const unsigned threads = size_bytes - begin_of(options) >= kWorthAThread ? options.threads : 1;
  Verification verification(file, size_bytes, std::move(options));
  std::vector<std::jthread> helpers;
  for (unsigned i = 1; i < threads; ++i) {
    helpers.emplace_back([&verification, i] { verification.work(i); });
  }
  verification.work(0);
  helpers.clear();  // joins
  return verification.finish(file, size_bytes);
}

std::vector<std::string> boundary_failures(const ChainReport& report, bool required) {
  constexpr std::string_view kPrefix = "schema_migration.v1_to_v2.boundary.";
  const auto& lines = report.boundary_lines;
  std::vector<std::string> out;
  if (lines.empty() && required) {
    out.push_back(cat(kPrefix, "missing: Missing { required: true, observed: 0 }"));
  }
  if (lines.size() > 1) {
    out.push_back(cat(kPrefix, "duplicate: Duplicate { observed: ", lines.size(), ", lines: [",
                      joined(lines), "] }"));
  }
  // Of several boundaries all but the first must be in the wrong place: said once.
  if (lines.size() == 1 && !report.misplaced_boundary_lines.empty()) {
    out.push_back(cat(kPrefix, "previous_head_mismatch: PreviousHeadMismatch { lines: [",
                      joined(report.misplaced_boundary_lines), "] }"));
  }
  return out;
}

}  // namespace cortex::ledger
