#include "bundle/new_content.h"

#include <cerrno>

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

// Two folders that a rename does not connect.
class TwoDevicesFs final : public fs::ForwardFs {
 public:
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    if (fs::parent_of(from) == fs::parent_of(to)) return ForwardFs::rename_no_replace(from, to);
    Error error = make_error(Code::kInternal, "another device");
    error.system_errno = EXDEV;
    return error;
  }
};

class NewContentTest : public DeploymentTest {
 protected:
  NewFile store() {
    return {"sqlite_store", db_, folder_ / "new.db",
            digest_file(fs_, db_, Source::kAnywhere).value()};
  }
};

TEST_F(NewContentTest, WhatChangedWhileItWasCopiedIsNotTaken) {
  fill(2);
  NewFile file = store();
  EXPECT_TRUE(copy_new_file(fs_, file).ok());
  EXPECT_EQ(get(file.to), get(db_));
  ASSERT_TRUE(fs_.remove_file(file.to).ok());
  file.digest = digest_of("another store");
  const Status copied = copy_new_file(fs_, file);
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.error().code, Code::kIntegrity);
  EXPECT_EQ(copied.error().token, kBackupDigestToken);
}

TEST_F(NewContentTest, AMoveToAnotherDeviceIsACopyThatIsCompared) {
  put(folder_ / "private", "content");
  NewFile file{"jsonl_mirror", folder_ / "private", fs::join(live_, "moved"), digest_of("other")};
  TwoDevicesFs devices;
  EXPECT_EQ(move_new_file(devices, file).error().code, Code::kIntegrity);
  EXPECT_EQ(get(file.from), "content");
  ASSERT_TRUE(fs_.remove_file(file.to).ok());
  file.digest = digest_of("content");
  ASSERT_TRUE(move_new_file(devices, file).ok());
  EXPECT_EQ(get(file.to), "content");
  EXPECT_EQ(kind_of(file.from), fs::Kind::kMissing);
}

TEST_F(NewContentTest, AnEditLeavesOneFile) {
  fill(2);
  const NewFile file = store();
  ASSERT_TRUE(copy_new_file(fs_, file).ok());
  const auto edit = [](sqlite::Connection& db) {
    return db.exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')");
  };
  const std::vector<std::string> before = names_in(folder_.path());
  const Status edited = edit_new_store(fs_, file, edit);
  ASSERT_TRUE(edited.ok()) << edited.error().text();
  EXPECT_EQ(names_in(folder_.path()), before);
  auto db = sqlite::Connection::open(file.to, sqlite::OpenMode::kImmutable);
  EXPECT_EQ(db->query_int("SELECT count(*) FROM traces").value(), 1);
}

// A byte that no structure depends on.
TEST_F(NewContentTest, ACopyThatReadsBackDifferentlyIsNotEdited) {
  fill(2);
  const NewFile file = store();
  DisturbedFs disturbed({}, [](const std::string&, std::string& bytes) -> Status {
    const std::size_t at = bytes.find("{\"n\":1}");
    if (at != std::string::npos) bytes[at + 5] = '7';
    return {};
  });
  ASSERT_TRUE(copy_new_file(disturbed, file).ok());
  bool is_edited = false;
  const Status edited = edit_new_store(fs_, file, [&](sqlite::Connection&) -> Status {
    is_edited = true;
    return {};
  });
  ASSERT_FALSE(edited.ok());
  EXPECT_EQ(edited.error().code, Code::kIntegrity);
  EXPECT_EQ(edited.error().token, kBackupDigestToken);
  EXPECT_FALSE(is_edited);
}

}  // namespace
}  // namespace cortex::bundle
