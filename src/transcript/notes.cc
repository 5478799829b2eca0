// Notes of basic-memory: front matter, observations ("- [category] text #tag (context)") and
// relations ("- relation [[Other note]]").
#include <utility>

#include "base/text.h"
#include "transcript/readers.h"
#include "transcript/text_lines.h"

namespace cortex::transcript {
namespace {

// Words that begin with '#', without it; the text without them.
std::string take_tags(std::string_view text, std::vector<std::string>& tags) {
  std::string out;
  for (const std::string_view word : split(text, ' ')) {
    if (word.size() > 1 && word.front() == '#') {
      tags.emplace_back(word.substr(1));
    } else if (!word.empty()) {
      out += cat(out.empty() ? "" : " ", word);
    }
  }
  return out;
}

// "[a, b]" or "a, b" or "a".
std::vector<std::string> listed_values(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<std::string> out;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    while (part.starts_with('"') || part.starts_with('\'')) part.remove_prefix(1);
    while (part.ends_with('"') || part.ends_with('\'')) part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

class Note {
 public:
  explicit Note(Emitter& out) : out_(out) {}

  Status line(std::string_view text) {
    const std::string key = numbered_key("line", out_.counts().lines);
    if (text == "---" && (front_ == Front::kNone || front_ == Front::kOpen)) {
      front_ = front_ == Front::kNone ? Front::kOpen : Front::kDone;
      return {};
    }
    if (front_ == Front::kOpen) return front_matter(text);
    front_ = Front::kDone;
    if (text.starts_with("- [") && text.find(']') != std::string_view::npos &&
        !text.starts_with("- [[")) {
      return observation(key, text.substr(3));
    }
    if (text.starts_with("- ") && text.find("[[") != std::string_view::npos) {
      return relation(key, text.substr(2));
    }
    body_ += cat(text, "\n");
    return {};
  }

  // What stands between the observations: kept once, as one turn.
  Status finish() {
    if (is_blank(body_)) return {};
    return out_.emit(place("body"), core::SourceType::kTool, "basic-memory",
                     core::EventType::kToolResult, {{"text", trim(body_)}, {"title", title_}});
  }

 private:
  enum class Front { kNone, kOpen, kDone };

  Place place(std::string key) const {
    return {.session = permalink_, .key = std::move(key), .at = at_, .with_content = true};
  }

  Status front_matter(std::string_view text) {
    const std::string_view item = trim(text);
    if (in_tags_ && item.starts_with("- ")) {
      for (std::string& tag : listed_values(item.substr(2))) tags_.push_back(std::move(tag));
      return {};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view name = trim(text.substr(0, colon)), value = trim(text.substr(colon + 1));
    in_tags_ = name == "tags";
    if (name == "title") title_ = value;
    if (name == "permalink") permalink_ = value;
    if (name == "created" || name == "date" || name == "modified") {
      if (const auto time = time_of_text(value)) at_ = *time;
    }
    if (in_tags_) tags_ = listed_values(value);
    return {};
  }

  Status observation(const std::string& key, std::string_view text) {
    const std::size_t end = text.find(']');
    const std::string_view category = trim(text.substr(0, end));
    std::vector<std::string> tags = tags_;
    if (!category.empty()) tags.emplace_back(category);
    std::string claim = take_tags(trim(text.substr(end + 1)), tags);
    if (claim.empty()) {
      ++out_.counts().empty;
      return {};
    }
    json::Object payload{{"category", category}, {"text", claim}, {"title", title_}};
    if (!title_.empty()) claim = cat(title_, ": ", claim);
    return out_.emit(place(key), core::SourceType::kTool, "basic-memory",
                     core::EventType::kToolResult, std::move(payload),
                     {{std::move(claim), std::move(tags)}});
  }

  Status relation(const std::string& key, std::string_view text) {
    const std::size_t begin = text.find("[["), end = text.find("]]");
    if (end == std::string_view::npos || end < begin) {
      body_ += cat(text, "\n");
      return {};
    }
    const std::string_view kind = trim(text.substr(0, begin));
    const std::string_view other = trim(text.substr(begin + 2, end - begin - 2));
    std::string claim = cat(title_, " ", kind.empty() ? "relates_to" : kind, " ", other);
    return out_.emit(
        place(key), core::SourceType::kTool, "basic-memory", core::EventType::kToolResult,
        {{"relation", kind}, {"target", other}, {"title", title_}}, {{std::move(claim), tags_}});
  }

  Emitter& out_;
  Front front_ = Front::kNone;
  bool in_tags_ = false;
  std::string title_, permalink_, body_;
  std::vector<std::string> tags_;
  Timestamp at_;
};

}  // namespace

Status read_basic_memory(const ReadAt& read, Emitter& out) {
  Note note(out);
  return read_text_lines(read, out, note);
}

}  // namespace cortex::transcript
