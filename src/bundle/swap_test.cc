#include "bundle/swap.h"

#include <cerrno>

#include "base/fs/crash_fs.h"
#include "base/fs/forward_fs.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

// Appends to the ledger when its lock is waited for, in a file put in its place, as an erasure
// that came first does.
class ReplacingFs final : public fs::ForwardFs {
 public:
  explicit ReplacingFs(fs::FileSystem& inner) : ForwardFs(inner) {}
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    CORTEX_ASSIGN(auto file, ForwardFs::open(path, how, mode));
    if (path != "/live/events.jsonl") return file;
    return std::unique_ptr<fs::File>(std::make_unique<File>(std::move(file), *this));
  }

 private:
  class File final : public fs::ForwardFile {
   public:
    File(std::unique_ptr<fs::File> file, ReplacingFs& fs) : ForwardFile(std::move(file)), fs_(fs) {}
    Status lock(fs::Lock kind, int wait_millis_max) override {
      CORTEX_TRY(fs::write_over(fs_, "/live/draft", "/live/events.jsonl", "erased ledger", 0600));
      return ForwardFile::lock(kind, wait_millis_max);
    }

   private:
    ReplacingFs& fs_;
  };
};

// Plain files on a file system in memory: the engine does not look into them.
struct SwapWorld {
  SwapWorld() {
    CORTEX_CHECK(fs_.make_directory("/live", 0700).ok());
    CORTEX_CHECK(fs_.make_directory("/new", 0700).ok());
    put("/live/cortex.db", "old store");
    put("/live/events.jsonl", "old ledger");
    put("/new/cortex.db", "new store");
    put("/new/events.jsonl", "new ledger");
  }
  void put(const std::string& path, std::string_view bytes) {
    CORTEX_CHECK(fs::write_new(fs_, path, bytes, 0600).ok());
    CORTEX_CHECK(fs_.sync_directory(fs::parent_of(path)).ok());
  }
  std::string get(const std::string& path) {
    auto text = fs::read_all(fs_, path, 1000);
    return text.ok() ? *text : "(missing)";
  }
  std::string pair() { return cat(get("/live/cortex.db"), "+", get("/live/events.jsonl")); }
  SwapPlan plan() {
    return {.operation = "apply_stage",
            .scope = "temp-test",
            .active_db = "/live/cortex.db",
            .active_log = "/live/events.jsonl",
            .source_db = "/new/cortex.db",
            .source_log = "/new/events.jsonl",
            .word = "apply-stage",
            .source_db_digest = digest_file(fs_, "/new/cortex.db", Source::kAnywhere).value(),
            .source_log_digest = digest_file(fs_, "/new/events.jsonl", Source::kAnywhere).value(),
            .process_id = 7,
            .edit = {},
            .look = {}};
  }
  // The new pair is private, and is moved.
  SwapPlan plan_to_move() {
    SwapPlan out = plan();
    out.ready = {out.source_db, out.source_log, out.source_db_digest, out.source_log_digest};
    return out;
  }
  Result<std::unique_ptr<Swap>> prepare() { return prepare(plan()); }
  Result<std::unique_ptr<Swap>> prepare(const SwapPlan& plan) {
    return Swap::prepare(fs_, plan, clock_);
  }

  fs::CrashFs fs_;
  StoppedClock clock_;
};

class SwapTest : public testing::Test, protected SwapWorld {};

constexpr const char* kOld = "old store+old ledger";
constexpr const char* kNew = "new store+new ledger";

TEST_F(SwapTest, ThePairIsReplacedAndTheOldOneIsKept) {
  auto swap = prepare().value();
  EXPECT_EQ(pair(), kOld);
  EXPECT_TRUE(read_swap_state(fs_, "/live/events.jsonl")->has_value());
  ASSERT_TRUE(swap->replace().ok());
  EXPECT_EQ(pair(), kNew);
  ASSERT_TRUE(swap->finish().ok());
  EXPECT_FALSE(read_swap_state(fs_, "/live/events.jsonl")->has_value());
  EXPECT_EQ(get("/live/.restore-apply-recovery/current.cortex.db"), "old store");
  EXPECT_EQ(get("/live/.restore-apply-recovery/current.events.jsonl"), "old ledger");
}

TEST_F(SwapTest, AReadyPairIsMoved) {
  auto swap = prepare(plan_to_move()).value();
  EXPECT_EQ(pair(), kOld);
  EXPECT_TRUE(fs_.list("/new")->empty());
  ASSERT_TRUE(swap->replace().ok());
  EXPECT_EQ(pair(), kNew);
}

TEST_F(SwapTest, TheCopiesAreLookedAtBeforeTheOldPairIsTouched) {
  SwapPlan looking = plan();
  int looks = 0;
  looking.look = [&](const std::string& store, const std::string& ledger) -> Result<FilesReport> {
    ++looks;
    EXPECT_EQ(get(store), "new store");
    EXPECT_EQ(get(ledger), "new ledger");
    EXPECT_EQ(fs_.lstat("/live/.restore-apply-recovery")->kind, fs::Kind::kMissing);
    return FilesReport{plan().source_db_digest, plan().source_log_digest, {}};
  };
  ASSERT_TRUE(prepare(looking).ok());
  EXPECT_EQ(looks, 1);
}

TEST_F(SwapTest, WhatIsNotSoundOrReadsBackDifferentlyIsNotBroughtIn) {
  const SwapPlan good = plan();
  const auto refused = [&](Result<FilesReport> seen) {
    SwapPlan looking = plan();
    looking.look = [&seen](const std::string&, const std::string&) { return seen; };
    const auto swap = prepare(looking);
    EXPECT_FALSE(swap.ok());
    EXPECT_EQ(swap.error().code, Code::kIntegrity);
    EXPECT_EQ(swap.error().unchanged, "the active store was not changed");
    EXPECT_EQ(pair(), kOld);
    EXPECT_EQ(fs_.list("/live")->size(), 2U);
  };
  refused(make_error(Code::kIntegrity, "not sound"));
  refused(FilesReport{good.source_db_digest, digest_of("other"), {}});
  refused(FilesReport{digest_of("other"), good.source_log_digest, {}});
}

TEST_F(SwapTest, GoingBackMayBeRepeatedAndEndsWithTheOldPair) {
  auto swap = prepare().value();
  ASSERT_TRUE(swap->replace().ok());
  const SwapState state = swap->state();
  ASSERT_TRUE(swap->roll_back().ok());
  EXPECT_EQ(pair(), kOld);
  ASSERT_TRUE(write_swap_state(fs_, state).ok());
  EXPECT_TRUE(Swap(fs_, state).roll_back().ok());
  EXPECT_EQ(pair(), kOld);
}

TEST_F(SwapTest, EvidenceThatWasChangedIsNotPutBack) {
  auto swap = prepare().value();
  ASSERT_TRUE(swap->replace().ok());
  const std::string kept = "/live/.restore-apply-recovery/current.cortex.db";
  ASSERT_TRUE(fs_.remove_file(kept).ok());
  put(kept, "forged");
  const Status back = swap->roll_back();
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().token, kBackupDigestToken);
  EXPECT_EQ(pair(), kNew);
}

TEST_F(SwapTest, ALedgerReplacedWhileItsLockIsWaitedForIsLeftAlone) {
  ReplacingFs replacing(fs_);
  const auto swap = Swap::prepare(replacing, plan(), clock_);
  ASSERT_FALSE(swap.ok());
  EXPECT_NE(swap.error().message.find("was replaced meanwhile"), std::string::npos)
      << swap.error().text();
  EXPECT_EQ(pair(), "old store+erased ledger");
  EXPECT_FALSE(read_swap_state(fs_, "/live/events.jsonl")->has_value());
}

TEST_F(SwapTest, AnExistingEvidenceFolderRefuses) {
  ASSERT_TRUE(fs_.make_directory("/live/.restore-apply-recovery", 0700).ok());
  const auto refused = prepare();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(pair(), kOld);
}

// Every operation of the preparation fails once: nothing is left, nothing is changed.
TEST_F(SwapTest, AFailureWhilePreparingLeavesTheOldPairAlone) {
  for (std::size_t step = 1;; ++step) {
    fs::CrashFs& fs = fs_;
    fs.fail_at(fs.operation_count() + step, ENOSPC);
    auto swap = prepare();
    fs.fail_at(0, 0);
    if (swap.ok()) {
      EXPECT_GT(step, 8U);
      break;
    }
    EXPECT_EQ(pair(), kOld) << step;
    EXPECT_EQ(swap.error().unchanged, "the active store was not changed") << step;
    static_cast<void>(remove_leftovers(fs, "/live/cortex.db", "/live/events.jsonl").ok());
    if (fs.lstat("/live/.restore-apply-recovery")->kind != fs::Kind::kMissing) {
      ASSERT_TRUE(fs::remove_tree(fs, "/live/.restore-apply-recovery").ok());
    }
    if (read_swap_state(fs, "/live/events.jsonl")->has_value()) {
      ASSERT_TRUE(fs.remove_file("/live/cortex_restore_state.json").ok());
    }
  }
}

// The process dies at every operation; whoever resumes ends with one whole pair.
TEST_F(SwapTest, AKillAtAnyOperationCanBeFinishedOrUndone) {
  for (const auto& [undo, moved] :
       {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
    for (std::size_t step = 1; step < 60; ++step) {
      SwapWorld fresh_files;
      fs::CrashFs& fs = fresh_files.fs_;
      const SwapPlan plan = moved ? fresh_files.plan_to_move() : fresh_files.plan();
      fs.crash_at(fs.operation_count() + step);
      auto swap = fresh_files.prepare(plan);
      bool finished = false;
      if (swap.ok()) {
        const Status replaced = (*swap)->replace();
        finished = replaced.ok() && (*swap)->finish().ok();
      }
      if (!fs.is_halted() && finished) break;
      if (swap.ok()) swap->reset();
      fs.kill();
      const auto state = read_swap_state(fs, "/live/events.jsonl");
      ASSERT_TRUE(state.ok()) << step;
      if (!state->has_value()) {
        const std::string now = fresh_files.pair();
        EXPECT_TRUE(now == kOld || now == kNew) << step << now;
        continue;
      }
      Swap resumed(fs, **state);
      if (undo) {
        ASSERT_TRUE(resumed.roll_back().ok()) << step;
        EXPECT_EQ(fresh_files.pair(), kOld) << step;
      } else {
        ASSERT_TRUE(resumed.replace().ok()) << step;
        ASSERT_TRUE(resumed.finish().ok()) << step;
        EXPECT_EQ(fresh_files.pair(), kNew) << step;
      }
    }
  }
}

// Store and ledger may lie in two folders: power is lost while the journal is being removed.
TEST_F(SwapTest, ALedgerElsewhere_IsInPlaceForGoodBeforeTheJournalGoes) {
  for (std::uint64_t seed = 1; seed <= 64; ++seed) {
    SwapWorld world;
    ASSERT_TRUE(world.fs_.make_directory("/logs", 0700).ok());
    ASSERT_TRUE(world.fs_.sync_directory("/").ok());
    world.put("/logs/events.jsonl", "old ledger");
    SwapPlan plan = world.plan();
    plan.active_log = "/logs/events.jsonl";
    auto swap = world.prepare(plan);
    ASSERT_TRUE(swap.ok()) << swap.error().text();
    ASSERT_TRUE((*swap)->replace().ok());
    world.fs_.crash_at(world.fs_.operation_count() + 2);  // the sync behind the removal
    ASSERT_FALSE((*swap)->finish().ok());
    swap->reset();
    world.fs_.crash(fs::Fate::kMixed, seed);
    const auto state = read_swap_state(world.fs_, plan.active_log);
    ASSERT_TRUE(state.ok()) << state.error().text();
    if (state->has_value()) continue;
    EXPECT_EQ(cat(world.get("/live/cortex.db"), "+", world.get("/logs/events.jsonl")), kNew)
        << seed;
  }
}

class DamagedSwapTest : public DeploymentTest {
 protected:
  void SetUp() override {
    fill(2);
    bundle_ = back_up().value().manifest;
    leave_wal();
    damage_store();
  }
  Result<std::unique_ptr<Swap>> prepare() {
    const Artifact &store = bundle_.store, &ledger = bundle_.ledger;
    return Swap::prepare(fs_,
                         {.operation = "run",
                          .scope = "production",
                          .active_db = db_,
                          .active_log = log_,
                          .source_db = fs::join(out_, store.name),
                          .source_log = fs::join(out_, ledger.name),
                          .word = "restore-run",
                          .source_db_digest = {store.size_bytes, store.blake3},
                          .source_log_digest = {ledger.size_bytes, ledger.blake3},
                          .edit = {},
                          .look = {}},
                         clock_);
  }
  Manifest bundle_;
  std::string wal_ = db_ + "-wal";
};

TEST_F(DamagedSwapTest, ALogThatTheStoreCannotTakeInIsKeptBesideIt_AndGoesBackWithIt) {
  const std::string store = get(db_), log = get(wal_), ledger = get(log_);
  ASSERT_FALSE(log.empty());
  {
    auto swap = prepare();
    ASSERT_TRUE(swap.ok()) << swap.error().text();
    ASSERT_TRUE((*swap)->replace().ok());
    const std::string kept = fs::join((*swap)->evidence_folder(), "current.cortex.db");
    EXPECT_EQ(get(kept), store);
    EXPECT_EQ(get(kept + "-wal"), log);
  }
  EXPECT_EQ(get(db_), get(fs::join(out_, "cortex.db")));
  EXPECT_EQ(kind_of(wal_), fs::Kind::kMissing);
  // As whoever resumes after a crash does it, from the journal, twice.
  const auto state = read_swap_state(fs_, log_);
  ASSERT_TRUE(state.ok() && state->has_value());
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(write_swap_state(fs_, **state).ok());
    ASSERT_TRUE(Swap(fs_, **state).roll_back().ok());
    EXPECT_EQ(get(db_), store);
    EXPECT_EQ(get(wal_), log);
    EXPECT_EQ(get(log_), ledger);
  }
}

TEST_F(DamagedSwapTest, WhatACopyOfTheLogLeftBehindIsTakenAway) {
  const std::string left = fs::join(live_, ".cortex.db-wal.rollback");
  put(left, "half");
  ASSERT_TRUE(remove_leftovers(fs_, db_, log_).ok());
  EXPECT_EQ(kind_of(left), fs::Kind::kMissing);
}

TEST_F(DamagedSwapTest, AStoreThatSomebodyHasOpenIsNotReplaced) {
  put(db_, get(fs::join(out_, "cortex.db")));
  sqlite::Connection holder = connect();
  ASSERT_EQ(holder.query_int("SELECT count(*) FROM events").value(), 2);
  damage_store();
  const std::string store = get(db_), log = get(wal_);
  const auto refused = prepare();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_NE(refused.error().message.find("is in use"), std::string::npos);
  EXPECT_EQ(get(db_), store);
  EXPECT_EQ(get(wal_), log);
  EXPECT_EQ(kind_of(fs::join(live_, kEvidenceFolder)), fs::Kind::kMissing);
}

}  // namespace
}  // namespace cortex::bundle
