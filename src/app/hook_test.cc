#include "app/hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/hook_settings.h"
#include "app/memory_note.h"
#include "app/recall.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

const std::vector<HookEntry> kEntries = {{"SessionStart", "cortex hook run session-start", 2},
                                         {"SessionEnd", "cortex hook run session-end", 5}};

constexpr const char* kSettings[] = {
    "",
    "{}",
    "{\n}\n",
    "{\"model\": \"opus\"}",
    "{\n  \"permissions\": {\"allow\": [\"Bash(ls:*)\"]},\n  \"hooks\": {}\n}\n",
    "{\"hooks\":{\"SessionStart\":[]}}",
    "{\n\t\"hooks\": {\n\t\t\"SessionStart\": [\n\t\t\t{\"hooks\": [{\"type\": \"command\","
    " \"command\": \"echo hi\"}]}\n\t\t],\n\t\t\"Stop\": []\n\t},\n\t\"x\": 1.50\n}",
};

TEST(HookSettingsTest, WhatIsPutInComesOutAgain_ByteForByte) {
  for (const char* settings : kSettings) {
    SCOPED_TRACE(settings);
    const auto edited = add_hooks(settings, kEntries);
    ASSERT_TRUE(edited.ok()) << edited.error().text();
    const auto parsed = json::parse(edited->text);
    ASSERT_TRUE(parsed.ok()) << edited->text;
    for (const HookEntry& entry : kEntries) {
      const json::Value* event = parsed->find("hooks")->find(entry.event);
      ASSERT_NE(event, nullptr) << edited->text;
      EXPECT_EQ(*event->as_array()->front().find("hooks")->as_array()->front().find_text("command"),
                entry.command);
    }
    const auto removed = remove_hooks(edited->text, edited->spans);
    ASSERT_TRUE(removed.ok());
    EXPECT_EQ(*removed, settings);
  }
}

TEST(HookSettingsTest, EditsOfOthersStay) {
  const auto edited = add_hooks("{\"model\": \"opus\"}", kEntries);
  std::string changed = edited->text;
  changed.replace(changed.find("opus"), 4, "sonnet-long");
  EXPECT_EQ(*remove_hooks(cat("\n", changed), edited->spans), "\n{\"model\": \"sonnet-long\"}");
  EXPECT_FALSE(remove_hooks("{\"model\": \"opus\"}", edited->spans).ok());
}

TEST(HookSettingsTest, WhatIsNoSettingsFileIsLeftAlone) {
  for (const char* bad : {"[]", "{", "{\"hooks\": []}", "{\"hooks\": {\"SessionStart\": {}}}",
                          "{\"hooks\": {}, \"hooks\": {}}", "{} x", "{\"a\": tru}"}) {
    EXPECT_FALSE(add_hooks(bad, kEntries).ok()) << bad;
  }
}

class HookTest : public AppTest {
 protected:
  HookRequest request() { return {.settings_path = settings_, .layout = layout_}; }
  std::string settings_ = folder_ / "claude/settings.json";
};

TEST_F(HookTest, UninstallRestoresTheFile_AndAFileThatWasNotThereIsGone) {
  ASSERT_TRUE(install_hooks(services_, request())->changed);
  EXPECT_THAT(get(settings_), HasSubstr("hook run session-start"));
  EXPECT_FALSE(install_hooks(services_, request())->changed);
  const auto out = uninstall_hooks(services_, request());
  EXPECT_TRUE(out->restored_exactly);
  EXPECT_EQ(kind_of(settings_), fs::Kind::kMissing);
  EXPECT_FALSE(uninstall_hooks(services_, request())->changed);

  const std::string original = "{\n  \"model\" :  \"opus\"\n}";
  put(settings_, original);
  ASSERT_TRUE(install_hooks(services_, request())->changed);
  ASSERT_TRUE(uninstall_hooks(services_, request())->restored_exactly);
  EXPECT_EQ(get(settings_), original);
}

TEST_F(HookTest, UninstallThatWasInterrupted_IsEndedByTheNextOne) {
  settings_ = folder_ / "settings.json";
  put(settings_, "{\"model\": \"opus\"}");
  ASSERT_TRUE(install_hooks(services_, request())->changed);
  put(settings_, "{\"model\": \"opus\"}");  // done so far; the record is still there
  const auto out = uninstall_hooks(services_, request());
  ASSERT_TRUE(out.ok()) << out.error().text();
  EXPECT_TRUE(out->restored_exactly);
  EXPECT_EQ(get(settings_), "{\"model\": \"opus\"}");
  EXPECT_FALSE(uninstall_hooks(services_, request())->changed);
}

TEST_F(HookTest, DraftThatACrashLeft_IsTakenOver) {
  settings_ = folder_ / "settings.json";
  put(settings_, "{\"model\": \"opus\"}");
  put(settings_ + ".cortex-draft",
      "a half, and longer than what takes its place: " + std::string(100000, 'x'));
  ASSERT_TRUE(install_hooks(services_, request())->changed);
  EXPECT_EQ(kind_of(settings_ + ".cortex-draft"), fs::Kind::kMissing);
  EXPECT_TRUE(json::parse(get(settings_)).ok());
  ASSERT_TRUE(uninstall_hooks(services_, request())->restored_exactly);
}

class NoReplaceFs final : public fs::ForwardFs {
 public:
  Status replace(const std::string&, const std::string&) override {
    return make_error(Code::kInternal, "no rename");
  }
};

TEST_F(HookTest, SettingsThatCannotBeReplaced_AreAsTheyWere_WithNothingBesideThem) {
  settings_ = folder_ / "claude/settings.json";
  ASSERT_TRUE(fs_.make_directory(folder_ / "claude", 0700).ok());
  put(settings_, "{\"model\": \"opus\"}");
  NoReplaceFs failing;
  Services hindered{failing, clock_, random_};
  EXPECT_FALSE(install_hooks(hindered, request()).ok());
  EXPECT_EQ(get(settings_), "{\"model\": \"opus\"}");
  EXPECT_EQ(names_in(folder_ / "claude"), std::vector<std::string>{"settings.json"});
}

TEST_F(HookTest, AFileThatWasEditedSinceKeepsTheEdit) {
  settings_ = folder_ / "settings.json";
  put(settings_, "{\"model\": \"opus\"}");
  ASSERT_TRUE(install_hooks(services_, request())->changed);
  std::string text = get(settings_);
  text.replace(text.find("opus"), 4, "haiku");
  put(settings_, text);
  const auto out = uninstall_hooks(services_, request());
  ASSERT_TRUE(out.ok()) << out.error().text();
  EXPECT_FALSE(out->restored_exactly);
  EXPECT_EQ(get(settings_), "{\"model\": \"haiku\"}");
}

TEST_F(HookTest, ASessionBeginsWithWhatIsRemembered) {
  ASSERT_TRUE(
      note(services_, layout_, {}, {.claim = "the shop counts prices in cents", .domains = {}})
          .ok());
  const auto answer =
      answer_hook(services_, layout_, {.event = "SessionStart", .cwd = "/srv/shop"});
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  const auto parsed = json::parse(*answer);
  ASSERT_TRUE(parsed.ok());
  EXPECT_THAT(*parsed->find("hookSpecificOutput")->find_text("additionalContext"),
              HasSubstr("prices in cents"));
  EXPECT_EQ(*answer_hook(services_, layout_, {.event = "SessionStart", .cwd = "/srv/quux"}), "");
  const auto asked = answer_hook(services_, layout_,
                                 {.event = "UserPromptSubmit", .prompt = "how are prices kept?"});
  EXPECT_THAT(*asked, HasSubstr("cents"));
}

// The row says "operator", as reference 0.1.2 writes it; the ledger knows who it was.
TEST_F(HookTest, WhatAnAgentNoted_IsRecalledAsItsWord) {
  ASSERT_TRUE(note(services_, layout_, {.caller = {.actor = "agent"}},
                   {.claim = "the shop counts prices in cents", .domains = {}})
                  .ok());
  const auto found = recall(services_, layout_,
                            {.query = "prices",
                             .session = {},
                             .source = {},
                             .since = {},
                             .until = {},
                             .as_of = {},
                             .budget_tokens = {}});
  ASSERT_TRUE(found.ok()) << found.error().text();
  ASSERT_EQ(found->hits.size(), 1U);
  EXPECT_EQ(found->hits[0].provenance_class, "runtime_derived");
  EXPECT_EQ(found->hits[0].source, "agent");
}

// An agent's program may hand it to any model, as with a pack.
TEST_F(HookTest, WhatIsMarkedAsSensitive_IsNotGivenOut) {
  for (const char* tag : {"sensitivity:high", " sensitivity: MEDIUM "}) {
    ASSERT_TRUE(note(services_, layout_, {},
                     {.claim = cat("the price of the shop is secret, ", tag), .domains = {tag}})
                    .ok());
  }
  ASSERT_TRUE(note(services_, layout_, {},
                   {.claim = "a price is kept in cents", .domains = {"sensitivity:low"}})
                  .ok());
  const auto asked = answer_hook(services_, layout_,
                                 {.event = "UserPromptSubmit", .prompt = "what price is kept?"});
  ASSERT_TRUE(asked.ok()) << asked.error().text();
  EXPECT_THAT(*asked, HasSubstr("cents"));
  EXPECT_THAT(*asked, testing::Not(HasSubstr("secret")));
}

TEST_F(HookTest, ASessionThatEndsIsRecorded_OnlyOnce) {
  const Environment environment;
  const HookCall call{
      .event = "SessionEnd",
      .session_id = "s",
      .transcript_path = std::string(CORTEX_TEST_DATA) + "/import/claude-code.jsonl"};
  ASSERT_TRUE(note(services_, layout_, {}, {.claim = "a store that is there", .domains = {}}).ok());
  const Status done = record_session(services_, environment, layout_, call);
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(get(log_), HasSubstr("whole cents"));
  const std::string before = get(log_);
  ASSERT_TRUE(record_session(services_, environment, layout_, call).ok());
  EXPECT_EQ(get(log_), before);
  EXPECT_FALSE(record_session(services_, environment, layout_, {}).ok());
}

}  // namespace
}  // namespace cortex::app
