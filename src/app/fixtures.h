// The folder of recorded answers (llm/fixtures.h): where it is, and its index.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "llm/fixtures.h"
#include "llm/model.h"

namespace cortex::app {

// The flag, else CORTEX_FIXTURES_DIR (also when it is set to nothing), else `fixtures` in the data
// folder. Errors: as default_data_dir().
Result<std::string> fixtures_dir(const Environment& environment,
                                 const std::optional<std::string>& flag);

// The entries of INDEX.toml, in their order; keys that are not known are ignored. Error:
// llm::fixture_fault().
Result<std::vector<llm::FixtureEntry>> parse_fixture_index(std::string_view toml_text);
// The same as text: names sorted, one `[[fixture]]` each.
std::string fixture_index_text(std::vector<llm::FixtureEntry> entries);

// Reads and checks the whole folder. Errors: kInternal ("fixtures dir") when it is not there, else
// llm::fixture_fault().
Result<std::unique_ptr<llm::Model>> open_fixtures_in(Services& services, const std::string& dir);

}  // namespace cortex::app
