#include "cli/command_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/text.h"

namespace cortex::cli {
namespace {

TEST(CommandTable, PathsAreUniqueAndNoGroupIsACommand) {
  std::set<std::string_view> paths;
  for (const Command* command : all_commands()) {
    EXPECT_TRUE(paths.insert(command->path).second) << command->path;
    EXPECT_EQ(find_group(command->path), nullptr) << command->path;
  }
  EXPECT_GE(paths.size(), 50U);
}

TEST(CommandTable, EveryLeadingPathOfACommandIsAGroupOrACommand) {
  for (const Command* command : all_commands()) {
    const std::size_t blank = command->path.rfind(' ');
    if (blank == std::string_view::npos) continue;
    const std::string_view above = command->path.substr(0, blank);
    EXPECT_TRUE(find_group(above) != nullptr || find_command(above) != nullptr) << command->path;
  }
  for (const Group& group : all_groups()) {
    EXPECT_FALSE(children(group.path).empty()) << group.path;
  }
}

TEST(CommandTable, RulesNameFlagsOfTheSameCommand) {
  for (const Command* command : all_commands()) {
    std::set<std::string_view> names;
    for (const Flag& flag : command->flags) {
      EXPECT_TRUE(names.insert(flag.name).second) << command->path << " --" << flag.name;
      EXPECT_FALSE(flag.name.starts_with('-'));
    }
    for (const Flag& flag : command->flags) {
      EXPECT_TRUE(flag.needs.empty() || names.contains(flag.needs)) << flag.needs;
      for (const std::string_view other : split(flag.excludes, ' ')) {
        EXPECT_TRUE(other.empty() || names.contains(other)) << other;
      }
    }
  }
}

TEST(CommandTable, EveryCommandHasAnExample) {
  for (const Command* command : all_commands()) {
    EXPECT_TRUE(command->example.find(cat("cortex ", command->path)) != std::string_view::npos)
        << command->path;
  }
}

TEST(CommandTable, ChildrenAreNamedOnceWithTheTextOfTheirGroup) {
  std::size_t tags = 0;
  for (const Child& child : children("memory")) {
    if (child.word != "tag") continue;
    ++tags;
    EXPECT_EQ(child.about, find_group("memory tag")->about);
  }
  EXPECT_EQ(tags, 1U);
  EXPECT_EQ(children("models").size(), 1U);
}

}  // namespace
}  // namespace cortex::cli
