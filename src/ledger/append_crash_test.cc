// The append log against power loss and failing devices, at every operation that changes the disk:
// what commit() acknowledged is there, what was not is there as whole rows or moved aside.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "base/fs/crash_fs.h"
#include "base/limits.h"
#include "base/test_seams.h"
#include "base/text.h"
#include "core/event.h"
#include "ledger/append_log.h"
#include "ledger/promise.h"
#include "ledger/recovery.h"
#include "ledger/tlog/sidecar.h"
#include "ledger/verify.h"

namespace cortex::ledger {
namespace {

using fs::CrashFs;
using fs::Fate;

constexpr const char* kFolder = "/ledger";
constexpr const char* kPath = "/ledger/events.jsonl";
constexpr std::uint64_t kBytesMax = 64U << 20U;

struct Batch {
  bool opens = false;  // the log is closed and opened again in front of it
  std::uint64_t first_id = 0, rows = 0;
  std::size_t payload_bytes = 0;
};
// The third is written in several blocks before it is committed.
constexpr Batch kBatches[] = {
    {true, 1, 1, 10},
    {false, 2, 3, 200},
    {false, 5, 8, limits::kIoBlockBytes / 3},
    {true, 13, 2, 50},
};

core::Event event(std::uint64_t id, std::size_t payload_bytes) {
  core::Event e;
  e.id.low = id;
  e.payload = cat("{\"n\":", id, ",\"text\":\"", std::string(payload_bytes, 'x'), "\"}");
  return e;
}

// A ledger on a disk that fails, and what its writer was told.
struct World {
  World() { EXPECT_TRUE(disk.make_directories(kFolder, 0700).ok()); }

  Result<std::unique_ptr<AppendLog>> open() { return AppendLog::open(disk, kPath, clock, random); }
  // Up to the first failure, as a program would.
  Status run() {
    std::unique_ptr<AppendLog> log;
    for (const Batch& batch : kBatches) {
      if (batch.opens) {
        log.reset();
        CORTEX_ASSIGN(log, open());
      }
      for (std::uint64_t i = 0; i < batch.rows; ++i) {
        core::Event e = event(batch.first_id + i, batch.payload_bytes);
        CORTEX_TRY(log->append(e));
      }
      CORTEX_TRY(log->commit());
      acknowledged_bytes = log->size_bytes();
    }
    return {};
  }
  std::string bytes(const std::string& path = kPath) {
    auto read = fs::read_all(disk, path, kBytesMax);
    return read.ok() ? std::move(read).value() : std::string();
  }
  Result<ChainReport> verify() {
    CORTEX_ASSIGN(auto file, disk.open(kPath, fs::Open::kRead));
    CORTEX_ASSIGN(const fs::Info info, file->info());
    return verify_chain(*file, info.size_bytes);
  }

  CrashFs disk;
  StoppedClock clock;
  CountingRandom random;
  std::uint64_t acknowledged_bytes = 0;
  bool cache_misleads = false;  // a failed sync lost rows that can still be read
};

// The scenario without a fault: the same rows give the same bytes, so every other run is compared
// with it.
struct Reference {
  Reference() {
    World world;
    setup_operations = world.disk.operation_count();
    const Status status = world.run();
    EXPECT_TRUE(status.ok()) << status.error().text();
    bytes = world.bytes();
    operations = world.disk.operations();
  }
  std::string bytes;
  std::size_t setup_operations = 0;
  std::vector<std::string> operations;
};

bool ends_at_row(const std::string& bytes, const Reference& reference) {
  if (!reference.bytes.starts_with(bytes)) return false;
  return bytes.empty() || bytes.back() == '\n' || reference.bytes[bytes.size()] == '\n';
}

std::uint64_t count_rows(const std::string& bytes) {
  std::uint64_t rows = 0;
  for (const char c : bytes) rows += c == '\n' ? 1U : 0U;
  return rows + (bytes.empty() || bytes.back() == '\n' ? 0 : 1);
}

// Opens the log; checks that the torn tail, and nothing else, went to the evidence file.
std::unique_ptr<AppendLog> reopen(World& world) {
  const std::string before = world.bytes();
  auto log = world.open();
  EXPECT_TRUE(log.ok()) << log.error().text();
  if (!log.ok()) return nullptr;
  const std::string after = world.bytes();
  const auto& torn = (*log)->moved_tail();
  if (torn) {
    EXPECT_EQ(torn->offset, after.size());
    EXPECT_EQ(torn->size_bytes, before.size() - after.size());
    const std::string kept = after + world.bytes(torn->evidence_path);
    EXPECT_TRUE(kept == before || world.cache_misleads) << "torn bytes are kept";
  } else {
    EXPECT_TRUE(after == before) << "opening a whole ledger changes nothing";
  }
  return std::move(log).value();
}

// One more row is appended after the fault, and survives `again`, a second power loss.
void append_and_verify(World& world, AppendLog& log, bool again) {
  constexpr std::uint64_t kNewId = 1000;
  const std::string before = world.bytes();
  const auto torn = log.moved_tail();
  core::Event e = event(kNewId, 20);
  ASSERT_TRUE(log.append(e).ok());
  const Status committed = log.commit();
  ASSERT_TRUE(committed.ok()) << committed.error().text();
  if (again) world.disk.crash(Fate::kDropped, 0);
  const std::string bytes = world.bytes();
  EXPECT_TRUE(bytes.starts_with(before));
  EXPECT_NE(bytes.find("\"n\":1000,", before.size()), std::string::npos);
  const auto report = world.verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->closed());
  EXPECT_EQ(report->rows, count_rows(before) + 1);
  EXPECT_EQ(report->head, e.event_hash);
  if (torn) {
    EXPECT_EQ(world.disk.stat(torn->evidence_path)->size_bytes, torn->size_bytes);
  }
}

// Whatever was left of the tree, it comes to be that of the rows, and nothing promises more than
// them.
void expect_tree(World& world) {
  const auto file = world.disk.open(kPath, fs::Open::kRead).value();
  const std::uint64_t size_bytes = file->info()->size_bytes;
  EXPECT_FALSE(find_broken(*file, size_bytes, read_promises(world.disk, kPath)));
  const auto tail = settle_tail(world.disk, *file);
  ASSERT_TRUE(tail.ok() && !tail->torn);
  const auto tree = Sidecar::open(world.disk, *file, tail->head, kTreeLagBytesMax);
  ASSERT_TRUE(tree.ok()) << tree.error().text();
  TileBuilder rows;
  const auto add = [&rows](std::uint64_t, const TreeHash& leaf, const Ulid&) {
    return rows.add(leaf,
                    [](unsigned, std::uint64_t, std::span<const TreeHash>) { return Status(); });
  };
  ASSERT_TRUE(verify_chain(*file, size_bytes, {.on_leaf = add}).ok());
  const TreeState& state = (*tree)->state();
  EXPECT_EQ(state.ledger.rows, rows.size());
  EXPECT_EQ(state.root, rows.root());
  TileReader tiles(world.disk, sidecar_path(kPath), rows.size());
  const auto root = tree_root(tiles.source(), rows.size());
  EXPECT_TRUE(root.ok() && *root == state.root);
}

void expect_recovers(World& world, const Reference& reference, bool again) {
  const auto log = reopen(world);
  ASSERT_NE(log, nullptr);
  const std::string bytes = world.bytes();
  ASSERT_GE(bytes.size(), world.acknowledged_bytes) << "acknowledged rows are lost";
  ASSERT_TRUE(ends_at_row(bytes, reference)) << "bytes that nobody appended";
  EXPECT_FALSE(log->broken_promise()) << "a crash is no cut";
  append_and_verify(world, *log, again);
  expect_tree(world);
}

std::string place(const Reference& reference, std::size_t n) {
  return cat("at operation ", n, ", ", reference.operations[n - 1]);
}

TEST(AppendCrash, TheScenarioWritesALargeBatchInSeveralBlocks) {
  const Reference reference;
  std::size_t appends = 0, syncs = 0;
  for (const std::string& operation : reference.operations) {
    appends += operation == cat("append \"", kPath, "\"") ? 1U : 0U;
    syncs += operation == cat("sync \"", kPath, "\"") ? 1U : 0U;
  }
  EXPECT_EQ(syncs, std::size(kBatches)) << "one sync a batch";
  EXPECT_GE(appends, syncs + 2);
}

TEST(AppendCrash, PowerLossAtAnyOperation_LosesNoAcknowledgedRow) {
  const Reference reference;
  for (std::size_t n = reference.setup_operations + 1; n <= reference.operations.size(); ++n) {
    for (const Fate fate : {Fate::kApplied, Fate::kDropped, Fate::kTorn, Fate::kMixed}) {
      const bool is_random = fate == Fate::kTorn || fate == Fate::kMixed;
      for (std::uint64_t seed = 0; seed < (is_random ? 6U : 1U); ++seed) {
        SCOPED_TRACE(cat(place(reference, n), ", fate ", static_cast<int>(fate), ", seed ", seed));
        World world;
        world.disk.crash_at(n);
        static_cast<void>(world.run().ok());
        ASSERT_TRUE(world.disk.is_halted());
        world.disk.crash(fate, seed);
        expect_recovers(world, reference, true);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(AppendCrash, PowerLossAfterTheLastCommit_LosesNothing) {
  const Reference reference;
  for (const Fate fate : fs::kFates) {
    World world;
    ASSERT_TRUE(world.run().ok());
    world.disk.crash(fate, 1);
    EXPECT_TRUE(world.bytes() == reference.bytes);
  }
}

// Where the disk leaves noise in place of unsynced rows, the log may refuse to open or the chain
// may be broken; acknowledged rows stand in front of that, and nothing is accepted silently.
TEST(AppendCrash, GarbageInUnsyncedRows_IsNeverAcceptedAndTouchesNoAcknowledgedRow) {
  const Reference reference;
  for (std::size_t n = reference.setup_operations + 1; n <= reference.operations.size(); ++n) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      SCOPED_TRACE(cat(place(reference, n), ", seed ", seed));
      World world;
      world.disk.crash_at(n);
      static_cast<void>(world.run().ok());
      world.disk.crash(Fate::kGarbage, seed);
      const std::string before = world.bytes();
      const auto acknowledged = reference.bytes.substr(0, world.acknowledged_bytes);
      ASSERT_TRUE(before.starts_with(acknowledged));
      auto log = world.open();
      EXPECT_TRUE(world.bytes().starts_with(acknowledged));
      if (!log.ok()) {
        // The second is for bytes that are no UTF-8.
        EXPECT_TRUE(log.error().code == Code::kChain || log.error().code == Code::kPrecondition);
        EXPECT_TRUE(world.bytes() == before) << "a refused ledger is left alone";
        continue;
      }
      const std::string opened = world.bytes();
      core::Event e = event(1000, 20);
      ASSERT_TRUE((*log)->append(e).ok() && (*log)->commit().ok());
      const auto report = world.verify();
      const bool is_closed = report.ok() && report->closed();
      EXPECT_EQ(is_closed, ends_at_row(opened, reference));
    }
  }
}

// The next program goes on with what the killed one wrote, synced or not.
TEST(AppendCrash, AKilledWriterAtAnyOperation_LeavesALedgerThatCanBeBuiltOn) {
  const Reference reference;
  for (std::size_t n = reference.setup_operations + 1; n <= reference.operations.size(); ++n) {
    SCOPED_TRACE(place(reference, n));
    World world;
    world.disk.crash_at(n);
    static_cast<void>(world.run().ok());
    world.disk.kill();
    expect_recovers(world, reference, true);
    if (HasFatalFailure()) return;
  }
}

// A device error instead of a power loss: the program ends, the next one goes on at once. After a
// failed sync of the ledger the rows that it lost still stand in the page cache; the next writer
// must not take them for good.
TEST(AppendCrash, AFailedOperation_StopsTheWriterAndTheNextOneGoesOn) {
  const Reference reference;
  for (std::size_t n = reference.setup_operations + 1; n <= reference.operations.size(); ++n) {
    for (const int error_number : {EIO, ENOSPC}) {
      for (const auto cut_back : {fs::CutBack::kWorks, fs::CutBack::kFails}) {
        SCOPED_TRACE(cat(place(reference, n), ", errno ", error_number));
        World world;
        world.disk.fail_at(n, error_number, cut_back);
        // A batch is acknowledged even when the hint for the next open could not be written.
        if (const Status failed = world.run(); !failed.ok()) {
          EXPECT_EQ(failed.error().system_errno, error_number);
        }
        world.cache_misleads = reference.operations[n - 1] == cat("sync \"", kPath, "\"");
        if (!world.cache_misleads && cut_back == fs::CutBack::kWorks) {
          EXPECT_EQ(world.bytes().size(), world.acknowledged_bytes) << "the batch is taken back";
        }
        expect_recovers(world, reference, true);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(AppendCrash, PowerLossAfterAFailedOperation_LosesNoAcknowledgedRow) {
  const Reference reference;
  for (std::size_t n = reference.setup_operations + 1; n <= reference.operations.size(); ++n) {
    for (const int error_number : {EIO, ENOSPC}) {
      for (const Fate fate : {Fate::kApplied, Fate::kDropped, Fate::kTorn, Fate::kMixed}) {
        SCOPED_TRACE(cat(place(reference, n), ", fate ", static_cast<int>(fate)));
        World world;
        world.disk.fail_at(n, error_number);
        static_cast<void>(world.run().ok());
        world.disk.crash(fate, n);
        expect_recovers(world, reference, true);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(AppendCrash, ARolledBackBatch_LeavesNoTraceAndItsWriterGoesOn) {
  const Reference reference;
  World world;
  ASSERT_TRUE(world.run().ok());
  auto log = world.open();
  ASSERT_TRUE(log.ok());
  core::Event large = event(500, limits::kIoBlockBytes);
  ASSERT_TRUE((*log)->append(large).ok());
  ASSERT_GT(world.bytes().size(), reference.bytes.size()) << "written before it is committed";
  ASSERT_TRUE((*log)->roll_back().ok());
  EXPECT_TRUE(world.bytes() == reference.bytes);
  append_and_verify(world, **log, true);
}

// The power went away after the last byte of a row and before its newline.
TEST(AppendCrash, ARowWithoutItsNewline_IsKeptAndCompletedWithTheNextBatch) {
  const Reference reference;
  World world;
  const std::string bytes = reference.bytes.substr(0, reference.bytes.size() - 1);
  ASSERT_TRUE(fs::write_new(world.disk, kPath, bytes, 0600).ok());
  ASSERT_TRUE(world.disk.sync_directory(kFolder).ok());
  world.acknowledged_bytes = bytes.size();
  expect_recovers(world, reference, true);
  EXPECT_TRUE(world.bytes().starts_with(reference.bytes));
}

// The repair itself is interrupted: at any moment the torn bytes are in the ledger or in a whole
// evidence file.
TEST(AppendCrash, PowerLossWhileTheTornTailIsMoved_KeepsItsBytes) {
  const Reference reference;
  const std::size_t size = reference.bytes.size() - 20;  // inside the last row
  const std::size_t row = reference.bytes.rfind('\n', size - 1) + 1;
  const std::string torn = reference.bytes.substr(row, size - row);
  const auto prepare = [&](World& world) {
    ASSERT_TRUE(fs::write_new(world.disk, kPath, reference.bytes.substr(0, size), 0600).ok());
    ASSERT_TRUE(world.disk.sync_directory(kFolder).ok());
    world.acknowledged_bytes = row;
  };
  World clean;
  prepare(clean);
  const std::size_t first = clean.disk.operation_count() + 1;
  ASSERT_NE(reopen(clean), nullptr);
  ASSERT_GE(clean.disk.operation_count(), first + 5);
  std::size_t hint = first;  // where the head file begins to be written
  while (clean.disk.operations()[hint - 1].find(".head") == std::string::npos) ++hint;
  for (std::size_t n = first; n <= clean.disk.operation_count(); ++n) {
    for (const Fate fate : fs::kFates) {
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE(cat("at ", clean.disk.operations()[n - 1], ", fate ", static_cast<int>(fate),
                         ", seed ", seed));
        World world;
        prepare(world);
        world.disk.crash_at(n);
        EXPECT_EQ(world.open().ok(), n >= hint) << "nothing but the hint may fail unnoticed";
        world.disk.crash(fate, seed);
        bool kept = world.bytes() == reference.bytes.substr(0, size);
        for (const std::string& name : world.disk.list(kFolder).value()) {
          kept = kept || (name.starts_with("events.jsonl.torn-") &&
                          world.bytes(fs::join(kFolder, name)) == torn);
        }
        EXPECT_TRUE(kept);
        expect_recovers(world, reference, true);
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace cortex::ledger
