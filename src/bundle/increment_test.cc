#include "bundle/increment_make.h"

#include "base/stop.h"
#include "bundle/deployment_fixture.h"
#include "bundle/sealed.h"
#include "bundle/verify.h"

namespace cortex::bundle {
namespace {

class IncrementTest : public DeploymentTest {
 protected:
  void SetUp() override {
    fill(50);
    out_ = fs::join(shelf_, "full");
    ASSERT_TRUE(back_up().ok());
  }
  Result<IncrementReport> increment(const std::string& name, const std::string& parent) {
    return increment(fs_, name, parent);
  }
  Result<IncrementReport> increment(fs::FileSystem& fs, const std::string& name,
                                    const std::string& parent) {
    return make_increment(fs,
                          {.db_path = db_,
                           .event_log_path = log_,
                           .parent = fs::join(shelf_, parent),
                           .output = fs::join(shelf_, name),
                           .work_dir = live_},
                          clock_, random_);
  }
  void grow(std::uint64_t first, std::uint64_t count) {
    append(first, count);
    mirror();
  }
  // The full bundle that the chain gives, checked in full.
  Result<std::uint64_t> restored(const std::string& name) {
    const std::string to = folder_ / ("together-" + name);
    CORTEX_TRY(fs_.make_directory(to, 0700));
    CORTEX_ASSIGN(const Chain chain, find_chain(fs_, fs::join(shelf_, name), nullptr));
    CORTEX_TRY(put_together(fs_, chain, to, nullptr));
    CORTEX_ASSIGN(const auto report, verify_bundle(fs_, fs::join(to, kManifestName), true));
    return report.content->ledger_rows;
  }
  void damage(const std::string& path) {
    std::string bytes = get(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    put(path, bytes);
  }
  std::string shelf_ = folder_ / "shelf";
};

TEST_F(IncrementTest, AChainGivesTheFullBundleAtEachOfItsLinks) {
  grow(51, 2);
  const auto first = increment("one", "full");
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_TRUE(first->verified);
  EXPECT_EQ(first->new_rows, 2U);
  EXPECT_EQ(first->ledger_rows, 52U);
  EXPECT_LT(first->increment.pages_changed, first->increment.pages_total);
  grow(53, 3);
  const auto second = increment("two", "one");
  ASSERT_TRUE(second.ok()) << second.error().text();
  const std::string ledger = get(log_);
  grow(56, 1);
  EXPECT_EQ(restored("one").value(), 52U);
  EXPECT_EQ(restored("two").value(), 55U);
  EXPECT_EQ(get(folder_ / "together-two/events.jsonl"), ledger);
  for (const std::string& name : names_in(live_)) {
    EXPECT_FALSE(name.starts_with(".cortex-increment-")) << name;
  }
}

TEST_F(IncrementTest, WithoutAChangeOnlyTheFirstPageOfTheCopyDiffers) {
  const auto report = increment("one", "full");
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->new_rows, 0U);
  EXPECT_LE(report->increment.pages_changed, 1U);
  EXPECT_EQ(restored("one").value(), 50U);
}

TEST_F(IncrementTest, ABrokenChainIsRefused) {
  grow(51, 1);
  ASSERT_TRUE(increment("one", "full").ok());
  grow(52, 1);
  ASSERT_TRUE(increment("two", "one").ok());
  // Found under another name: what counts is what it is.
  ASSERT_TRUE(fs_.rename_no_replace(fs::join(shelf_, "one"), fs::join(shelf_, "uno")).ok());
  EXPECT_TRUE(restored("two").ok());
  for (const char* name :
       {"uno/events.jsonl.part", "uno/cortex.db.pages", "full/cortex.db", "full/events.jsonl"}) {
    const std::string path = fs::join(shelf_, name);
    const std::string good = get(path);
    damage(path);
    EXPECT_EQ(code_of(find_chain(fs_, fs::join(shelf_, "two"), nullptr)), Code::kQuarantined)
        << name;
    EXPECT_FALSE(increment("three", "two").ok());
    put(path, good);
  }
  put(fs::join(shelf_, "two/extra"), "");
  EXPECT_EQ(code_of(find_chain(fs_, fs::join(shelf_, "two"), nullptr)), Code::kQuarantined);
  ASSERT_TRUE(fs_.remove_file(fs::join(shelf_, "two/extra")).ok());
  ASSERT_TRUE(fs::remove_tree(fs_, fs::join(shelf_, "uno")).ok());
  const auto lost = find_chain(fs_, fs::join(shelf_, "two"), nullptr);
  EXPECT_EQ(code_of(lost), Code::kPrecondition);
  EXPECT_EQ(lost.error().next, "put it there, or use another bundle");
}

TEST_F(IncrementTest, AnEncryptedBundleIsNotContinued) {
  ASSERT_TRUE(fs_.make_directory(fs::join(shelf_, "sealed"), 0700).ok());
  put(fs::join(shelf_, cat("sealed/", kSealedManifestName)), "{}");
  const auto made = increment("one", "sealed");
  EXPECT_EQ(code_of(made), Code::kPrecondition);
  EXPECT_NE(made.error().message.find("is encrypted"), std::string::npos) << made.error().text();
}

TEST_F(IncrementTest, ADescriptionThatReadsBackDifferentlyIsNeverPublished) {
  grow(51, 1);
  DisturbedFs files({}, [](const std::string& path, std::string& bytes) -> Status {
    constexpr std::string_view kMeant = "\"parent_name\": \"full\"";
    const std::size_t at = bytes.find(kMeant);
    if (path.ends_with(kIncrementName) && at != std::string::npos) bytes[at + 16] = 'F';
    return {};
  });
  EXPECT_EQ(code_of(increment(files, "one", "full")), Code::kIntegrity);
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"full"});
}

TEST_F(IncrementTest, ALedgerThatIsShortenedMeanwhileIsRefused) {
  grow(51, 1);
  append(52, 1);
  DisturbedFs files([this](const std::string& path, fs::Open how) -> Status {
    if (how == fs::Open::kCreateExclusive && path.ends_with(kLedgerPartName)) cut_ledger(1);
    return {};
  });
  const auto report = increment(files, "one", "full");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"full"});
}

TEST_F(IncrementTest, AParentWithoutItsLedgerIsAPrecondition) {
  grow(51, 1);
  ASSERT_TRUE(fs_.remove_file(fs::join(shelf_, "full/events.jsonl")).ok());
  EXPECT_EQ(code_of(increment("one", "full")), Code::kPrecondition);
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"full"});
}

TEST_F(IncrementTest, CalledOffWhileItIsReadBack_IsNoFinding) {
  grow(51, 1);
  DisturbedFs files([](const std::string& path, fs::Open how) -> Status {
    const bool is_staged = path.find(".one.staging.") != std::string::npos;
    if (is_staged && how == fs::Open::kRead) return called_off();
    return {};
  });
  const auto report = increment(files, "one", "full");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().token, kCalledOffToken);
  EXPECT_EQ(report.error().code, Code::kPrecondition);
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"full"});
}

TEST_F(IncrementTest, OnlyALedgerThatContinuesTheParentsIsTaken_AndOnlyBesideIt) {
  EXPECT_EQ(code_of(make_increment(fs_,
                                   {.db_path = db_,
                                    .event_log_path = log_,
                                    .parent = fs::join(shelf_, "full"),
                                    .output = folder_ / "elsewhere",
                                    .work_dir = live_},
                                   clock_, random_)),
            Code::kPrecondition);
  grow(51, 3);
  break_chain(52);
  EXPECT_EQ(code_of(increment("one", "full")), Code::kIntegrity);
  break_chain(7);
  EXPECT_EQ(code_of(increment("one", "full")), Code::kIntegrity);
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"full"});
}

}  // namespace
}  // namespace cortex::bundle
