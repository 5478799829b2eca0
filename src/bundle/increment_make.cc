#include "bundle/increment_make.h"

#include <algorithm>
#include <span>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/stop.h"
#include "base/text.h"
#include "bundle/copy.h"
#include "bundle/cut.h"
#include "bundle/page_diff.h"
#include "bundle/private_folder.h"
#include "bundle/staging.h"
#include "crypto/digest.h"
#include "ledger/chain_check.h"
#include "ledger/chunk_reader.h"
#include "store/counts.h"

namespace cortex::bundle {
namespace {

Error not_written(Code code, std::string message, std::string next) {
  return make_error(code, std::move(message), "no bundle was written", std::move(next));
}

// Where the last row before `end` begins. O(that row).
Result<std::uint64_t> last_row_start(fs::File& ledger, std::uint64_t end) {
  std::string block;
  // The line feed that ends the row itself is no border.
  for (std::uint64_t at = end == 0 ? 0 : end - 1; at > 0;) {
    const std::uint64_t size = std::min<std::uint64_t>(at, limits::kIoBlockBytes);
    block.resize(static_cast<std::size_t>(size));
    CORTEX_ASSIGN(const std::size_t got, ledger.read_at(at - size, block));
    if (got != block.size()) return ledger_was_shortened();
    const std::size_t border = block.rfind('\n');
    if (border != std::string::npos) return at - size + border + 1;
    at -= size;
  }
  return std::uint64_t{0};
}

struct NewRows {
  std::uint64_t count = 0;
  bool has_boundary = false;
};

// Checks the rows behind `from` and how they continue the one before, which is known to be sound.
Result<NewRows> audit_new_rows(fs::File& ledger, std::uint64_t from, std::uint64_t end) {
  NewRows rows;
  if (from == end) return rows;
  CORTEX_ASSIGN(const std::uint64_t start, last_row_start(ledger, from));
  const std::uint64_t known = from == 0 ? 0 : 1;  // rows that were there before
  ledger::ChunkReader reader(ledger, start, end);
  ledger::ChunkCheck check;
  ledger::ChainAssembler assembler(end - start);
  ledger::Chunk chunk;
  std::uint64_t at = start;
  for (;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) break;
    at += chunk.bytes.size();
    CORTEX_ASSIGN(ledger::ChunkReport report, check.check(chunk));
    CORTEX_TRY(assembler.add(std::move(report)));
  }
  // The reader takes a file that ends early as it is.
  if (at != end) return ledger_was_shortened();
  CORTEX_ASSIGN(const ledger::ChainReport chain, assembler.finish(ledger, end));
  for (const ledger::Failure& failure : chain.failures) {
    if (failure.line <= known) continue;  // of the known row: what it follows was not read
    return not_written(Code::kIntegrity,
                       cat("the ledger's chain is broken in the new row ", failure.line - known,
                           ": ", failure.reason),
                       "see the rows with `cortex audit verify`");
  }
  rows.count = chain.rows - known;
  rows.has_boundary = std::ranges::any_of(chain.boundary_lines,
                                          [known](std::uint64_t line) { return line > known; });
  return rows;
}

Error other_ledger() {
  return not_written(
      Code::kIntegrity, "the ledger does not continue that of the parent bundle",
      "make a full bundle; the ledger was restored or replaced since, or something was erased");
}

// Of a file of the parent.
Error parent_unreadable(Error error) {
  error.unchanged = "no bundle was written";
  return with_code(std::move(error), Code::kPrecondition);
}

// One pass over the ledger: its beginning must be the parent's, the rest goes into the part. The
// full bundle's own file is read beside it and must be the same bytes, so that one digest speaks
// for both; the parts of later bundles have been checked by themselves.
class LedgerTaker {
 public:
  LedgerTaker(fs::FileSystem& fs, Cut& cut, const Chain& chain, Progress* progress)
      : fs_(fs), cut_(cut), chain_(chain), progress_(progress), end_(cut.tail.size_bytes) {}

  Status take(Staging& staging, Increment& increment, Artifact& whole) {
    increment.ledger_from = chain_.manifest().ledger.size_bytes;
    if (end_ < increment.ledger_from) return other_ledger();
    CORTEX_TRY(read_base());
    CORTEX_TRY(read_to(increment.ledger_from, [](std::string_view) { return Status{}; }));
    if (crypto::prefixed_hex(all_.finish()) != chain_.manifest().ledger.blake3) {
      return other_ledger();
    }
    CORTEX_ASSIGN(const auto part,
                  fs_.open(staging.member(kLedgerPartName), fs::Open::kCreateExclusive, 0600));
    crypto::Blake3 fresh;
    CORTEX_TRY(read_to(end_, [&](std::string_view bytes) {
      fresh.update(bytes);
      return as_unwritable(part->append(bytes));
    }));
    CORTEX_TRY(as_unwritable(part->sync_all()));
    increment.ledger_part = {end_ - increment.ledger_from, crypto::prefixed_hex(fresh.finish())};
    whole = {std::string(kLedgerName), end_, crypto::prefixed_hex(all_.finish())};
    return {};
  }

 private:
  // The part of the ledger that the full bundle of the chain holds.
  Status read_base() {
    const Artifact& wanted = chain_.base.ledger;
    const std::string path = fs::join(chain_.base_dir, wanted.name);
    auto opened = fs_.open(path, fs::Open::kRead);
    if (!opened.ok()) return parent_unreadable(std::move(opened).error());
    const auto base = std::move(opened).value();
    const auto info = base->info();
    if (!info.ok()) return parent_unreadable(info.error());
    std::string there;
    bool same = info->size_bytes == wanted.size_bytes;
    CORTEX_TRY(read_to(wanted.size_bytes, [&](std::string_view bytes) -> Status {
      there.resize(bytes.size());
      const auto got = base->read_at(at_, there);
      if (!got.ok()) return parent_unreadable(got.error());
      same = same && *got == bytes.size() && there == bytes;
      return {};
    }));
    const bool live_holds = crypto::prefixed_hex(all_.finish()) == wanted.blake3;
    if (same && live_holds) return {};
    // One of the two is not what was backed up; a bundle that is not goes first.
    CORTEX_TRY(check_part(fs_, chain_.base_dir, wanted.name, {wanted.size_bytes, wanted.blake3},
                          Source::kAnywhere, nullptr));
    return other_ledger();
  }

  // Up to `border`; each block is digested, then handed on, while at_ is its offset.
  template <class Function>
  Status read_to(std::uint64_t border, const Function& on_bytes) {
    while (at_ < border) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(block_.size(), border - at_));
      CORTEX_ASSIGN(const std::size_t got,
                    cut_.ledger->read_at(at_, std::span(block_).first(size)));
      if (got != size) return ledger_was_shortened();
      const std::string_view bytes(block_.data(), size);
      all_.update(bytes);
      CORTEX_TRY(on_bytes(bytes));
      add_progress(progress_, size);
      at_ += size;
    }
    return {};
  }

  fs::FileSystem& fs_;
  Cut& cut_;
  const Chain& chain_;
  Progress* progress_;
  const std::uint64_t end_;
  std::uint64_t at_ = 0;
  crypto::Blake3 all_;
  std::string block_ = std::string(limits::kIoBlockBytes, '\0');
};

// A page number as four bytes.
void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

// Compares each page with the parent's; those that differ go into the part, then their numbers.
Status take_pages(fs::FileSystem& fs, const ReadFunction& live, std::uint64_t live_bytes,
                  const Chain& parent, Staging& staging, Increment& increment, Artifact& whole,
                  Progress* progress) {
  if (!parent.links.empty()) increment.page_bytes = parent.links.back().facts.increment.page_bytes;
  if (live_bytes % increment.page_bytes != 0) {
    return not_written(Code::kPrecondition, "the store has another page size than the parent's",
                       "make a full bundle");
  }
  increment.pages_total = live_bytes / increment.page_bytes;
  CORTEX_ASSIGN(const auto part,
                fs.open(staging.member(kPagesName), fs::Open::kCreateExclusive, 0600));
  crypto::Blake3 changed;
  std::string fresh, numbers;
  const auto flush = [&](std::string& bytes) -> Status {
    changed.update(bytes);
    increment.pages.size_bytes += bytes.size();
    CORTEX_TRY(as_unwritable(part->append(bytes)));
    bytes.clear();
    return {};
  };
  const auto on_changed = [&](std::uint64_t number, std::string_view page) -> Status {
    fresh.append(page);
    append_number(numbers, number);
    ++increment.pages_changed;
    return fresh.size() >= limits::kIoBlockBytes ? flush(fresh) : Status{};
  };
  CORTEX_ASSIGN(const PageDiff diff,
                diff_pages(fs, parent, live, live_bytes, on_changed, progress));
  CORTEX_TRY(check_base_file(parent, parent.base.store, diff.base));
  CORTEX_TRY(flush(fresh));
  CORTEX_TRY(flush(numbers));
  CORTEX_TRY(as_unwritable(part->sync_all()));
  increment.pages.blake3 = crypto::prefixed_hex(changed.finish());
  whole = {std::string(kStoreName), diff.store.size_bytes, diff.store.blake3};
  return {};
}

std::uint64_t rows_of(const ManifestFacts& manifest) {
  return manifest.document.find_unsigned("jsonl_mirror_audit_rows_scanned").value_or(0);
}

// An increment is only worth something beside the bundle that it continues.
Status check_place(fs::FileSystem& fs, const IncrementRequest& request, std::string& parent_name) {
  CORTEX_ASSIGN(const std::string parent, fs.canonical(request.parent));
  parent_name = fs::name_of(parent);
  const auto folder = fs.canonical(fs::parent_of(request.output));
  if (folder.ok() && *folder == fs::parent_of(parent)) return {};
  return not_written(Code::kPrecondition,
                     cat("the bundle ", quoted(request.output), " would not lie beside its parent ",
                         quoted(request.parent)),
                     "name an output in the folder of the parent");
}

// The store's half, on a thread of its own. A file that is the snapshot is read where it lies.
Status take_store(fs::FileSystem& fs, const IncrementRequest& request, Cut& cut,
                  const Chain& parent, Staging& staging, Increment& increment, Manifest& manifest,
                  Clock& clock, Random& random) {
  if (cut.file_is_snapshot) {
    CORTEX_ASSIGN(const std::uint64_t size, cut.store->file_bytes());
    CORTEX_TRY(take_pages(
        fs,
        [&cut](std::uint64_t offset, std::span<char> out) {
          return cut.store->read_file(offset, out);
        },
        size, parent, staging, increment, manifest.store, request.progress));
    CORTEX_ASSIGN(manifest.counts, store::count_tables(*cut.store));
    return {};
  }
  CORTEX_ASSIGN(const auto work,
                PrivateFolder::create(fs, request.work_dir, ".cortex-increment-", clock, random));
  const std::string path = work.member(kStoreName);
  CORTEX_TRY(copy_store_pages(fs, cut, path));
  CORTEX_ASSIGN(const auto copy, fs.open(path, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, copy->info());
  CORTEX_TRY(take_pages(
      fs, [&copy](std::uint64_t offset, std::span<char> out) { return copy->read_at(offset, out); },
      info.size_bytes, parent, staging, increment, manifest.store, request.progress));
  if (info.size_bytes == 0) return {};
  CORTEX_ASSIGN(auto db, sqlite::Connection::open(path, sqlite::OpenMode::kImmutable));
  CORTEX_ASSIGN(manifest.counts, store::count_tables(db));
  return {};
}

// Everything that the increment holds. The digest is that of cortex_increment.json.
Result<FileDigest> fill(fs::FileSystem& fs, const IncrementRequest& request, Cut& cut,
                        const Chain& parent, Staging& staging, Clock& clock, Random& random,
                        IncrementReport& report) {
  Increment& increment = report.increment;
  Manifest manifest;
  manifest.made_at = clock.now();
  const auto info = fs.stat(request.db_path);
  begin_phase(request.progress, "comparing",
              cut.tail.size_bytes + (info.ok() ? info->size_bytes : 0));
  Status store_status;
  std::jthread store_thread([&] {
    store_status =
        take_store(fs, request, cut, parent, staging, increment, manifest, clock, random);
  });
  const Status ledger_status =
      LedgerTaker(fs, cut, parent, request.progress).take(staging, increment, manifest.ledger);
  store_thread.join();
  CORTEX_TRY(ledger_status);
  CORTEX_ASSIGN(const NewRows rows,
                audit_new_rows(*cut.ledger, increment.ledger_from, cut.tail.size_bytes));
  if (!store_status.ok()) {
    Error error = std::move(store_status).error();
    return error.code == Code::kQuarantined ? error
                                            : with_code(std::move(error), Code::kPrecondition);
  }
  report.new_rows = rows.count;
  report.ledger_rows = manifest.ledger_rows = rows_of(parent.manifest()) + rows.count;
  manifest.post_v2 = parent.manifest().post_v2() || rows.has_boundary;
  increment.manifest = manifest_document(manifest);
  report.full_size_bytes = manifest.store.size_bytes + manifest.ledger.size_bytes;
  report.size_bytes = increment.ledger_part.size_bytes + increment.pages.size_bytes;
  const std::string text = json::write_pretty(increment_document(increment));
  CORTEX_TRY(as_unwritable(fs::write_new(fs, staging.member(kIncrementName), text, 0600)));
  return digest_of(text);
}

// What is about to be published, read back from the device. The rest of the full bundle that it
// stands for are bytes of the parent, which the comparison has found to be the parent's (by their
// digests) and the live files' (one by one) at once; so the chain gives what was digested.
Status check_made(fs::FileSystem& fs, const Staging& staging, const FileDigest& description,
                  Chain& chain) {
  CORTEX_TRY(check_part(fs, staging.path(), kIncrementName, description, Source::kDevice, nullptr));
  CORTEX_ASSIGN(IncrementFacts facts, read_increment(fs, staging.path()));
  const Increment& increment = facts.increment;
  CORTEX_TRY(check_part(fs, staging.path(), kLedgerPartName, increment.ledger_part, Source::kDevice,
                        nullptr));
  CORTEX_TRY(check_part(fs, staging.path(), kPagesName, increment.pages, Source::kDevice, nullptr));
  chain.links.push_back({staging.path(), std::move(facts)});
  const auto pages = ChainPages::open(fs, chain);
  return pages.ok() ? Status{} : Status(pages.error());
}

}  // namespace

Result<IncrementReport> make_increment(fs::FileSystem& fs, const IncrementRequest& request,
                                       Clock& clock, Random& random) {
  CORTEX_TRY(check_output(fs, request.output));
  IncrementReport report;
  report.bundle_dir = request.output;
  report.parent = request.parent;
  CORTEX_TRY(check_place(fs, request, report.increment.parent_name));
  begin_phase(request.progress, "checking the parent", 0);
  CORTEX_ASSIGN(Chain chain, follow_chain(fs, request.parent, request.progress));
  CORTEX_ASSIGN(report.increment.parent_blake3, bundle_id(fs, request.parent));
  CORTEX_ASSIGN(Cut cut, take_cut(fs, request.db_path, request.event_log_path));
  CORTEX_TRY(check_not_cut(cut));
  report.ledger_head = cut.tail.head;
  CORTEX_ASSIGN(auto staging, Staging::create(fs, request.output, clock, random));
  CORTEX_ASSIGN(const FileDigest description,
                fill(fs, request, cut, chain, *staging, clock, random, report));
  if (request.verify) {
    auto checked = check_made(fs, *staging, description, chain);
    if (!checked.ok()) {
      if (checked.error().token == kCalledOffToken) return std::move(checked).error();
      return not_written(Code::kIntegrity, checked.error().message,
                         "check the disk, then make a full bundle");
    }
    report.verified = true;
  }
  CORTEX_TRY(staging->publish());
  return report;
}

json::Value to_json(const IncrementReport& report) {
  return json::sorted(
      json::Object{{"bundle_dir", report.bundle_dir},
                   {"bundle_verification",
                    json::Object{{"status", report.verified ? "verified" : "not_performed"}}},
                   {"full_size_bytes", report.full_size_bytes},
                   {"increment", increment_document(report.increment)},
                   {"ledger_rows", report.ledger_rows},
                   {"new_rows", report.new_rows},
                   {"parent", report.parent},
                   {"restore_verification", "not_performed"},
                   {"size_bytes", report.size_bytes}});
}

}  // namespace cortex::bundle
