#include "bundle/increment_make.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "bundle/cut.h"
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
    if (got != block.size()) {
      return make_error(Code::kInternal, "the ledger became shorter while it was read");
    }
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
  for (;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) break;
    CORTEX_ASSIGN(ledger::ChunkReport report, check.check(chunk));
    CORTEX_TRY(assembler.add(std::move(report)));
  }
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

// One pass over the ledger: its beginning must be the parent's, the rest goes into the part.
Status take_ledger(fs::FileSystem& fs, Cut& cut, const ManifestFacts& parent, Staging& staging,
                   Increment& increment, Artifact& whole, Progress* progress) {
  const std::uint64_t end = cut.tail.size_bytes;
  increment.ledger_from = parent.ledger.size_bytes;
  const auto other = [] {
    return not_written(Code::kIntegrity, "the ledger does not continue that of the parent bundle",
                       "make a full bundle; the ledger was restored or replaced since");
  };
  if (end < increment.ledger_from) return other();
  CORTEX_ASSIGN(const auto part,
                fs.open(staging.member(kLedgerPartName), fs::Open::kCreateExclusive, 0600));
  crypto::Blake3 all, fresh;
  std::string block(limits::kIoBlockBytes, '\0');
  for (std::uint64_t at = 0;;) {
    const bool in_parent = at < increment.ledger_from;
    if (at == increment.ledger_from && crypto::prefixed_hex(all.finish()) != parent.ledger.blake3) {
      return other();
    }
    if (at == end) break;
    const std::uint64_t border = in_parent ? increment.ledger_from : end;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), border - at));
    CORTEX_ASSIGN(const std::size_t got, cut.ledger->read_at(at, std::span(block).first(size)));
    if (got != size) return make_error(Code::kInternal, "the ledger became shorter");
    const std::string_view bytes(block.data(), size);
    all.update(bytes);
    add_progress(progress, size);
    if (!in_parent) {
      fresh.update(bytes);
      CORTEX_TRY(as_unwritable(part->append(bytes)));
    }
    at += size;
  }
  CORTEX_TRY(as_unwritable(part->sync_all()));
  increment.ledger_part = {end - increment.ledger_from, crypto::prefixed_hex(fresh.finish())};
  whole = {std::string(kLedgerName), end, crypto::prefixed_hex(all.finish())};
  return {};
}

// A page number as four bytes.
void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

// Compares each page of the copy with the parent's; those that differ go into the part, then their
// numbers.
Status take_pages(fs::FileSystem& fs, const std::string& copy, const Chain& parent,
                  Staging& staging, Increment& increment, Artifact& whole) {
  CORTEX_ASSIGN(const auto store, fs.open(copy, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, store->info());
  CORTEX_ASSIGN(ChainPages before, ChainPages::open(fs, parent));
  CORTEX_ASSIGN(const auto part,
                fs.open(staging.member(kPagesName), fs::Open::kCreateExclusive, 0600));
  const std::uint64_t page_bytes = before.page_bytes();
  if (info.size_bytes % page_bytes != 0) {
    return not_written(Code::kPrecondition, "the store has another page size than the parent's",
                       "make a full bundle");
  }
  increment.page_bytes = page_bytes;
  increment.pages_total = info.size_bytes / page_bytes;
  crypto::Blake3 all, changed;
  std::string block(limits::kIoBlockBytes, '\0');
  std::string old(static_cast<std::size_t>(page_bytes), '\0');
  std::string fresh, numbers;
  const auto flush = [&](std::string& bytes) -> Status {
    changed.update(bytes);
    increment.pages.size_bytes += bytes.size();
    CORTEX_TRY(as_unwritable(part->append(bytes)));
    bytes.clear();
    return {};
  };
  std::uint64_t number = 1;
  for (std::uint64_t at = 0; at < info.size_bytes;) {
    CORTEX_ASSIGN(const std::size_t got, store->read_at(at, block));
    all.update(std::string_view(block).substr(0, got));
    for (std::size_t i = 0; i < got; i += old.size(), ++number) {
      const std::string_view page(block.data() + i, old.size());
      if (number <= before.total()) {
        CORTEX_TRY(before.read(number, old));
        if (page == old) continue;
      }
      fresh.append(page);
      append_number(numbers, number);
      ++increment.pages_changed;
      if (fresh.size() >= limits::kIoBlockBytes) CORTEX_TRY(flush(fresh));
    }
    at += got;
  }
  CORTEX_TRY(flush(fresh));
  CORTEX_TRY(flush(numbers));
  CORTEX_TRY(as_unwritable(part->sync_all()));
  increment.pages.blake3 = crypto::prefixed_hex(changed.finish());
  whole = {std::string(kStoreName), info.size_bytes, crypto::prefixed_hex(all.finish())};
  return {};
}

std::uint64_t rows_of(const ManifestFacts& manifest) {
  return manifest.document.find_unsigned("jsonl_mirror_audit_rows_scanned").value_or(0);
}

}  // namespace

namespace {

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

// The store's half, on a thread of its own.
Status take_store(fs::FileSystem& fs, const IncrementRequest& request, Cut& cut,
                  const Chain& parent, Staging& staging, Increment& increment, Manifest& manifest,
                  Clock& clock, Random& random) {
  CORTEX_ASSIGN(const auto work,
                PrivateFolder::create(fs, request.work_dir, ".cortex-increment-", clock, random));
  const std::string copy = work.member(kStoreName);
  CORTEX_TRY(copy_store(fs, cut, copy));
  CORTEX_TRY(take_pages(fs, copy, parent, staging, increment, manifest.store));
  if (manifest.store.size_bytes == 0) return {};
  CORTEX_ASSIGN(auto db, sqlite::Connection::open(copy, sqlite::OpenMode::kImmutable));
  CORTEX_ASSIGN(manifest.counts, store::count_tables(db));
  return {};
}

Status fill(fs::FileSystem& fs, const IncrementRequest& request, Cut& cut, const Chain& parent,
            Staging& staging, Clock& clock, Random& random, IncrementReport& report) {
  Increment& increment = report.increment;
  Manifest manifest;
  manifest.made_at = clock.now();
  begin_phase(request.progress, "comparing", cut.tail.size_bytes);
  Status store_status;
  std::jthread store_thread([&] {
    store_status =
        take_store(fs, request, cut, parent, staging, increment, manifest, clock, random);
  });
  const Status ledger_status = take_ledger(fs, cut, parent.manifest(), staging, increment,
                                           manifest.ledger, request.progress);
  store_thread.join();
  CORTEX_TRY(ledger_status);
  CORTEX_ASSIGN(const NewRows rows,
                audit_new_rows(*cut.ledger, increment.ledger_from, cut.tail.size_bytes));
  if (!store_status.ok()) return with_code(std::move(store_status).error(), Code::kPrecondition);
  report.new_rows = rows.count;
  report.ledger_rows = manifest.ledger_rows = rows_of(parent.manifest()) + rows.count;
  manifest.post_v2 = parent.manifest().post_v2() || rows.has_boundary;
  increment.manifest = manifest_document(manifest);
  report.full_size_bytes = manifest.store.size_bytes + manifest.ledger.size_bytes;
  report.size_bytes = increment.ledger_part.size_bytes + increment.pages.size_bytes;
  return as_unwritable(fs::write_new(fs, staging.member(kIncrementName),
                                     json::write_pretty(increment_document(increment)), 0600));
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
  CORTEX_ASSIGN(Chain chain, find_chain(fs, request.parent, request.progress));
  CORTEX_ASSIGN(report.increment.parent_blake3, bundle_id(fs, request.parent));
  CORTEX_ASSIGN(Cut cut, take_cut(fs, request.db_path, request.event_log_path));
  CORTEX_TRY(check_not_cut(cut));
  CORTEX_ASSIGN(auto staging, Staging::create(fs, request.output, clock, random));
  CORTEX_TRY(fill(fs, request, cut, chain, *staging, clock, random, report));
  if (request.verify) {
    // What is about to be published, read through the chain, must be the full bundle.
    CORTEX_ASSIGN(IncrementFacts facts, read_increment(fs, staging->path()));
    chain.links.push_back({staging->path(), std::move(facts)});
    if (auto checked = check_streams(fs, chain, request.progress); !checked.ok()) {
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
