#include "cli/handlers.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

TEST(Handlers, EveryCommandHasOne_AndNothingElse) {
  for (const Command* command : all_commands()) {
    const HandlerRow* row = find_handler(command->path);
    ASSERT_NE(row, nullptr) << command->path;
    EXPECT_EQ(row->path, command->path);
  }
  for (const Group& group : all_groups()) EXPECT_EQ(find_handler(group.path), nullptr);
  for (const char* path : {"", "ini", "init ", "Init", "audit"}) {
    EXPECT_EQ(find_handler(path), nullptr) << path;
  }
}

TEST(Handlers, EnvelopeNamesFollowTheCommandAndAreUnique) {
  std::set<std::string_view> names;
  std::set<Handler> functions;
  for (const Command* command : all_commands()) {
    const HandlerRow* row = find_handler(command->path);
    if (row == nullptr) continue;
    EXPECT_TRUE(functions.insert(row->run).second) << command->path;
    if (row->form == JsonForm::kReport || row->form == JsonForm::kProtocol) {
      EXPECT_EQ(row->envelope, "") << command->path;
      continue;
    }
    std::string expected = cat("cortex.", command->path);
    // The one name of the format that does not follow.
    if (command->path == "audit refresh-trust") expected = "cortex.audit.anchor.refresh_trust";
    for (char& c : expected) {
      if (c == ' ') c = '.';
      if (c == '-') c = '_';
    }
    EXPECT_EQ(row->envelope, expected);
    EXPECT_TRUE(names.insert(row->envelope).second);
  }
}

}  // namespace
}  // namespace cortex::cli
