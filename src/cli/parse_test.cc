#include "cli/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "json/value.h"

namespace cortex::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Parsed parse_words(std::initializer_list<const char*> words) {
  std::vector<const char*> argv = {"cortex"};
  argv.insert(argv.end(), words.begin(), words.end());
  return parse(static_cast<int>(argv.size()), argv.data(), "cmd_1_2");
}

Invocation accepted(std::initializer_list<const char*> words) {
  Parsed parsed = parse_words(words);
  if (const auto* exit = std::get_if<Exit>(&parsed)) ADD_FAILURE() << exit->err << exit->out;
  return parsed.index() == 0 ? std::get<Invocation>(parsed) : Invocation{};
}

// Checks that the words are refused as a parser refuses: exit 2, text on stderr, nothing on stdout.
std::string refused(std::initializer_list<const char*> words) {
  const Parsed parsed = parse_words(words);
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) {
    ADD_FAILURE() << "was accepted";
    return "";
  }
  EXPECT_EQ(exit->code, Code::kUsage);
  EXPECT_EQ(exit->out, "");
  EXPECT_TRUE(exit->err.ends_with('\n'));
  return exit->err;
}

std::string shown(std::initializer_list<const char*> words) {
  const Parsed parsed = parse_words(words);
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) {
    ADD_FAILURE() << "nothing was shown";
    return "";
  }
  EXPECT_EQ(exit->code, Code::kOk);
  EXPECT_EQ(exit->err, "");
  return exit->out;
}

TEST(Parse, CollectsFlagsAndPositionalsInAnyOrder) {
  const Invocation a = accepted({"ingest", "s.json", "--db", "x.db", "--no-mirror"});
  EXPECT_EQ(a.command->path, "ingest");
  EXPECT_EQ(a.value("session"), "s.json");
  EXPECT_EQ(a.optional("db"), "x.db");
  EXPECT_TRUE(a.has("no-mirror"));
  EXPECT_FALSE(a.has("event-log"));
  EXPECT_EQ(a.optional("event-log"), std::nullopt);
  const Invocation b = accepted({"ingest", "--db=x.db", "--no-mirror", "s.json"});
  EXPECT_EQ(a.values, b.values);
}

TEST(Parse, WordsThatOtherParsersInterpretStayAsTheyAre) {
  EXPECT_EQ(accepted({"ingest", "--", "-odd--name"}).value("session"), "-odd--name");
  EXPECT_EQ(accepted({"ingest", "-"}).value("session"), "-");
  EXPECT_EQ(accepted({"ingest", "++"}).value("session"), "++");
  EXPECT_EQ(accepted({"ingest", "[a,b]"}).value("session"), "[a,b]");
  EXPECT_EQ(accepted({"backup", "--output=[a,b]"}).value("output"), "[a,b]");
  EXPECT_EQ(accepted({"backup", "--output", "a=b c"}).value("output"), "a=b c");
  EXPECT_EQ(accepted({"backup", "--output=-x"}).value("output"), "-x");
  EXPECT_EQ(accepted({"show", "{}"}).value("id"), "{}");
  EXPECT_EQ(accepted({"backup", "--output", "\"q\""}).value("output"), "\"q\"");
}

TEST(Parse, JsonIsAcceptedBeforeAndAfterTheCommand) {
  EXPECT_TRUE(accepted({"--json", "init"}).json);
  EXPECT_TRUE(accepted({"init", "--json"}).json);
  EXPECT_TRUE(accepted({"--json", "init", "--json"}).json);
  EXPECT_FALSE(accepted({"init"}).json);
  EXPECT_FALSE(accepted({"init", "--json"}).has("json"));
}

TEST(Parse, TheEnvelopeOfEveryCommandIsAskedForWhereJsonIs) {
  EXPECT_TRUE(accepted({"--json=v2", "init"}).json);
  EXPECT_TRUE(accepted({"--json=v2", "init"}).enveloped);
  EXPECT_TRUE(accepted({"init", "--json=v2"}).json);
  EXPECT_TRUE(accepted({"init", "--json=v2"}).enveloped);
  EXPECT_TRUE(accepted({"--json=v2", "init", "--json"}).enveloped);
  EXPECT_TRUE(accepted({"--json", "init", "--json=v2"}).enveloped);
  EXPECT_FALSE(accepted({"init", "--json=v2"}).has("json"));
  EXPECT_FALSE(accepted({"--json", "init"}).enveloped);
  EXPECT_FALSE(accepted({"init", "--json"}).enveloped);
  EXPECT_THAT(refused({"init", "--json=v3"}), HasSubstr("takes no value"));
  EXPECT_THAT(refused({"init", "--json", "--json=v2"}), HasSubstr("given twice"));
  EXPECT_THAT(refused({"ingest", "s.json", "--json=v2"}), HasSubstr("cortex --json=v2 ingest"));
  EXPECT_THAT(refused({"--json=v3", "init"}), HasSubstr("--json=v3"));
  EXPECT_THAT(refused({"--json", "--json=v2", "init"}), HasSubstr("given twice"));
}

TEST(Parse, IngestRefusesATrailingJson) {
  EXPECT_TRUE(accepted({"--json", "ingest", "s.json"}).json);
  EXPECT_THAT(refused({"ingest", "s.json", "--json"}), HasSubstr("cortex --json ingest"));
}

TEST(Parse, UsageErrorsOfIngest) {
  EXPECT_THAT(refused({"ingest"}), HasSubstr("SESSION is missing"));
  EXPECT_THAT(refused({"ingest", "a", "b"}), HasSubstr("unexpected argument \"b\""));
  EXPECT_THAT(refused({"ingest", "a", "--attest", "k"}), HasSubstr("unknown flag"));
  EXPECT_THAT(refused({"ingest", "a", "--db"}), HasSubstr("needs a value"));
  for (const char* word : {"-=", "-x=1", "--=", "--=1"}) {
    EXPECT_THAT(refused({"log", word}), HasSubstr("unknown flag")) << word;
  }
}

TEST(Parse, AFlagIsNeverTakenAsTheValueOfAnother) {
  EXPECT_THAT(refused({"backup", "--output", "--no-verify"}), HasSubstr("needs a value"));
  EXPECT_THAT(refused({"backup", "--output=", "x"}), HasSubstr("needs a value"));
  EXPECT_THAT(refused({"backup", "--output", ""}), HasSubstr("needs a value"));
  EXPECT_EQ(accepted({"run", "--task", "", "--model", ""}).value("task"), "");
  EXPECT_EQ(accepted({"memory", "outcome", "record", "--memory-id", "m", "--session", "",
                      "--result", "helpful"})
                .value("session"),
            "");
  EXPECT_THAT(refused({"run", "--task"}), HasSubstr("needs a value"));
}

TEST(Parse, UsageErrorsOfBackup) {
  EXPECT_THAT(refused({"backup", "--output", "a", "--to", "b"}), HasSubstr("--to"));
  EXPECT_THAT(refused({"backup", "b"}), HasSubstr("unexpected argument"));
  EXPECT_THAT(refused({"backup", "--output", "a", "--force"}), HasSubstr("unknown flag"));
  EXPECT_THAT(refused({"backup", "--output", "a", "--output", "b"}), HasSubstr("given twice"));
  EXPECT_THAT(refused({"backup", "--output", "a", "--output=a"}), HasSubstr("given twice"));
}

TEST(Parse, SwitchesTakeNoValueAndComeOnce) {
  EXPECT_THAT(refused({"doctor", "--strict=true"}), HasSubstr("takes no value"));
  EXPECT_THAT(refused({"doctor", "--strict", "--strict"}), HasSubstr("given twice"));
  EXPECT_THAT(refused({"--json", "--json", "init"}), HasSubstr("given twice"));
  EXPECT_THAT(refused({"--json=true", "init"}), HasSubstr("unknown flag"));
  EXPECT_THAT(refused({"--db", "x", "status"}), HasSubstr("flags of a command stand behind it"));
}

TEST(Parse, DoctorModesExcludeEachOther) {
  EXPECT_THAT(refused({"doctor", "--strict", "--repair"}), HasSubstr("together"));
  EXPECT_THAT(refused({"doctor", "--repair", "--strict"}), HasSubstr("together"));
  EXPECT_THAT(refused({"doctor", "--print-deployment-id", "--strict"}), HasSubstr("together"));
  EXPECT_THAT(refused({"doctor", "--repair", "--dry-run", "--print-deployment-id"}),
              HasSubstr("together"));
  EXPECT_THAT(refused({"doctor", "--repair", "--deep"}), HasSubstr("together"));
  EXPECT_THAT(refused({"doctor", "--dry-run"}), HasSubstr("needs `--repair`"));
  EXPECT_TRUE(accepted({"doctor", "--repair", "--dry-run"}).has("dry-run"));
  EXPECT_TRUE(accepted({"doctor", "--strict", "--deep"}).has("deep"));
  EXPECT_EQ(accepted({"doctor"}).command->path, "doctor") << "no mode is the command's own error";
}

TEST(Parse, CountsMustBePositiveWholeNumbers) {
  EXPECT_EQ(accepted({"log", "--limit", "5"}).value("limit"), "5");
  for (const char* bad : {"0", "x", "1.5", "5x", "+5", " 5", "99999999999999999999"}) {
    EXPECT_THAT(refused({"log", "--limit", bad}), HasSubstr("whole number")) << bad;
  }
  EXPECT_THAT(refused({"log", "--limit", "-5"}), HasSubstr("needs a value before \"-5\""));
}

// Whoever turns pages begins there.
TEST(Parse, APageMayBeginWithTheFirstRow) {
  for (const char* command : {"list", "candidates", "health"}) {
    EXPECT_EQ(accepted({"memory", command, "--offset", "0"}).value("offset"), "0") << command;
  }
  EXPECT_EQ(accepted({"memory", "search", "x", "--offset", "0"}).value("offset"), "0");
  EXPECT_EQ(accepted({"recall", "x", "--offset", "0"}).value("offset"), "0");
}

TEST(Parse, ChoicesAreListedWhenNoneMatches) {
  EXPECT_EQ(accepted({"completions", "zsh"}).value("shell"), "zsh");
  EXPECT_THAT(refused({"completions", "tcsh"}),
              HasSubstr("[possible values: bash, elvish, fish, powershell, zsh]"));
  EXPECT_THAT(refused({"completions", ""}), HasSubstr("possible values"));
  EXPECT_THAT(refused({"completions"}), HasSubstr("SHELL is missing"));
  EXPECT_THAT(refused({"completions", "bash", "zsh"}), HasSubstr("unexpected argument"));
}

TEST(Parse, MistypedWordsGetASuggestion) {
  EXPECT_THAT(refused({"inti"}), HasSubstr("did you mean `init`?"));
  EXPECT_THAT(refused({"audit", "verif"}), HasSubstr("did you mean `verify`?"));
  EXPECT_THAT(refused({"doctor", "--str"}), HasSubstr("did you mean `--strict`?"));
  EXPECT_THAT(refused({"--jsno", "init"}), HasSubstr("did you mean `--json`?"));
  EXPECT_THAT(refused({"frobnicate"}), Not(HasSubstr("did you mean")));
  EXPECT_THAT(refused({"note"}), HasSubstr("did you mean `memory note`?"));
  EXPECT_THAT(refused({"verify"}), HasSubstr("did you mean `audit verify` or `backup verify`?"));
  EXPECT_THAT(refused({"list"}), Not(HasSubstr("did you mean"))) << "too many";
  EXPECT_THAT(refused({"init", "-x"}), HasSubstr("Usage: cortex init [OPTIONS]"));
  EXPECT_THAT(refused({"init", "elsewhere"}), HasSubstr("Nothing was changed"));
}

TEST(Parse, TypedControlCharactersNeverReachTheTerminal) {
  EXPECT_THAT(refused({"\x1b[31mred"}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(refused({"init", "--\x1b[31mred"}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(refused({"completions", "\x1b]0;x\a"}), Not(HasSubstr("\x1b")));
}

TEST(Parse, MissingCommandIsHelpOrAnEnvelope) {
  EXPECT_THAT(refused({}), HasSubstr("Usage: cortex"));
  const Parsed parsed = parse_words({"--json"});
  const Exit& exit = std::get<Exit>(parsed);
  EXPECT_EQ(exit.code, Code::kUsage);
  EXPECT_EQ(exit.err, "");
  EXPECT_EQ(exit.out,
            "{\n  \"command\": \"cortex\",\n  \"exit_code\": 2,\n  \"outcome\": \"usage\",\n"
            "  \"report\": {\n    \"detail\": \"missing subcommand\"\n  },\n"
            "  \"correlation_id\": \"cmd_1_2\"\n}\n");
  EXPECT_THAT(std::get<Exit>(parse(0, nullptr, "")).err, HasSubstr("Usage: cortex"));
}

TEST(Parse, AGroupWithoutSubcommandShowsItsHelpOnStderr) {
  EXPECT_THAT(refused({"memory"}),
              HasSubstr("memory.tag.write_path_pending_authority_revalidation"));
  EXPECT_THAT(refused({"--json", "audit"}), HasSubstr("repair-tail"));
  EXPECT_THAT(refused({"restore", "intent"}), HasSubstr("build"));
  EXPECT_THAT(refused({"memory", "--json"}), HasSubstr("unknown flag"));
}

TEST(Parse, HelpListsEveryCommand) {
  const std::string help = shown({"--help"});
  for (const char* heading : {"Start:", "Record:", "Prove:", "Keep:", "Options:"}) {
    EXPECT_THAT(help, HasSubstr(heading));
  }
  for (const Command* command : all_commands()) {
    EXPECT_THAT(help, HasSubstr(cat("\n  ", command->path, " ")));
  }
}

TEST(Parse, ACommandMayBeTheBeginningOfOthers) {
  EXPECT_EQ(shown({"backup", "verify", "-h"}), shown({"help", "backup", "verify"}));
  EXPECT_THAT(shown({"backup", "-h"}), HasSubstr("backup prune"));
  EXPECT_THAT(refused({"backup", "verify"}), HasSubstr("BUNDLE"));
}

TEST(Parse, HelpAndVersionWorkEverywhere) {
  EXPECT_EQ(shown({"help"}), shown({"-h"}));
  EXPECT_EQ(shown({"help", "audit"}), shown({"audit", "--help"}));
  EXPECT_EQ(shown({"audit", "help", "verify"}), shown({"audit", "verify", "-h"}));
  EXPECT_EQ(shown({"help", "backup"}), shown({"backup", "--help"}))
      << "help comes before a missing flag is missed";
  EXPECT_THAT(shown({"-V"}), StartsWith("cortex "));
  EXPECT_EQ(shown({"audit", "--version"}), shown({"--version"}));
  EXPECT_EQ(shown({"backup", "-V"}), shown({"--version"}));
  EXPECT_THAT(refused({"help", "nosuch"}), HasSubstr("unknown command"));
  for (const Command* command : all_commands()) {
    for (const std::string_view line : split(shown({"help"}), '\n')) EXPECT_LE(line.size(), 100U);
    const std::vector<std::string> help = {"--help"};
    const Parsed parsed = parse_arguments(*command, help);
    for (const std::string_view line : split(std::get<Exit>(parsed).out, '\n')) {
      // Commands that people copy stay in one line.
      if (line.starts_with("Usage:") || line.starts_with("Example:")) continue;
      EXPECT_LE(line.size(), 110U) << line;
    }
  }
}

TEST(Parse, HelpGoesOnInItsColumn_InANarrowTerminal) {
  const Command& command = *find_command("backup");
  for (const std::string_view line : split(command_help(command, 60), '\n')) {
    if (!line.starts_with("  ")) continue;
    EXPECT_LE(line.size(), 60U) << line;
  }
  EXPECT_EQ(command_help(command, 1000), command_help(command, 999));
  const char* const argv[] = {"cortex", "backup", "--help"};
  EXPECT_EQ(std::get<Exit>(parse(3, argv, "", 60)).out, command_help(command, 60));
  EXPECT_EQ(Terminal{}.help_columns(), kHelpColumnsMax) << "behind a pipe";
  EXPECT_EQ((Terminal{.stdout_is_tty = true, .width = 60}).help_columns(), 60U);
}

TEST(Parse, PrintConfigStandsAlone) {
  EXPECT_TRUE(accepted({"--print-config"}).print_config);
  EXPECT_EQ(accepted({"--print-config"}).command, nullptr);
  EXPECT_TRUE(accepted({"--json", "--print-config"}).print_config);
  EXPECT_THAT(refused({"--print-config", "memory", "list"}), HasSubstr("cannot be combined"));
}

TEST(Parse, RepeatableFlagsKeepTheirOrder) {
  static constexpr Flag kFlags[] = {
      {.name = "tag", .value_name = "TAG", .about = "", .repeatable = true},
      {.name = "json", .value_name = "TEXT", .about = ""},
  };
  static constexpr Command kCommand = {.path = "x", .about = "", .flags = kFlags, .own_json = true};
  const std::vector<std::string> words = {"--tag", "b", "--tag=[a]", "--json", "{}", "--tag", "b"};
  const Parsed parsed = parse_arguments(kCommand, words);
  const auto& invocation = std::get<Invocation>(parsed);
  EXPECT_EQ(invocation.all("tag"), (std::vector<std::string>{"b", "[a]", "b"}));
  EXPECT_EQ(invocation.value("json"), "{}");
  EXPECT_FALSE(invocation.json);
}

TEST(Suggest, CountsSwappedNeighboursAsOneEdit) {
  EXPECT_EQ(edit_distance("inti", "init"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Suggest, LongInputIsNotCompared) {
  const std::string_view words[] = {"init"};
  EXPECT_EQ(nearest(std::string(100'000, 'i'), words), "");
  EXPECT_EQ(nearest("", words), "");
}

}  // namespace
}  // namespace cortex::cli
