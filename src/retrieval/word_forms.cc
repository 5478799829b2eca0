#include "retrieval/word_forms.h"

#include <array>
#include <unordered_map>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

// One line a word: the base form, then the others.
constexpr std::array kForms = std::to_array<std::string_view>({
    "become became becoming",
    "begin began begun beginning",
    "bend bent",
    "bet betting",
    "bite bit bitten",
    "bleed bled",
    "blow blew blown",
    "break broke broken",
    "bring brought",
    "build built",
    "burn burnt",
    "buy bought",
    "catch caught",
    "choose chose chosen choice",
    "come came coming",
    "creep crept",
    "cut cutting",
    "deal dealt",
    "dig dug",
    "draw drew drawn",
    "dream dreamt",
    "drink drank drunk",
    "drive drove driven",
    "eat ate eaten",
    "fall fell fallen",
    "feed fed",
    "feel felt",
    "fight fought",
    "find found",
    "fly flew flown",
    "forget forgot forgotten",
    "forgive forgave forgiven",
    "freeze froze frozen",
    "get got gotten",
    "give gave given",
    "go went gone",
    "grow grew grown",
    "hang hung",
    "hear heard",
    "hide hid hidden",
    "hit hitting",
    "hold held",
    "keep kept",
    "know knew known",
    "lay laid",
    "lead led",
    "learn learnt",
    "leave left",
    "lend lent",
    "lie lain",
    "lose lost",
    "make made",
    "mean meant",
    "meet met",
    "pay paid",
    "put putting",
    "quit quitting",
    "read reading",
    "ride rode ridden",
    "ring rang rung",
    "rise rose risen",
    "run ran",
    "say said",
    "see saw seen",
    "seek sought",
    "sell sold",
    "send sent",
    "shake shook shaken",
    "shine shone",
    "shoot shot",
    "show shown",
    "sing sang sung",
    "sink sank sunk",
    "sit sat",
    "sleep slept asleep",
    "slide slid",
    "speak spoke spoken",
    "speed sped",
    "spend spent",
    "spill spilt",
    "spread spreading",
    "spring sprang sprung",
    "stand stood",
    "steal stole stolen",
    "stick stuck",
    "strike struck",
    "swear swore sworn",
    "sweep swept",
    "swim swam swum",
    "swing swung",
    "take took taken",
    "teach taught",
    "tear tore torn",
    "tell told",
    "think thought",
    "throw threw thrown",
    "understand understood",
    "wake woke woken",
    "wear wore worn",
    "weave wove woven",
    "win won",
    "wind wound",
    "withdraw withdrew withdrawn",
    "write wrote written",
    "die dead death",
    "child children kid kids",
    "foot feet",
    "goose geese",
    "half halves",
    "knife knives",
    "leaf leaves",
    "life lives",
    "man men",
    "mouse mice",
    "person people",
    "tooth teeth",
    "wife wives",
    "woman women",
    "mother mom mum moms mothers",
    "father dad dads fathers",
    "grandmother grandma granny",
    "grandfather grandpa",
    "photo photograph picture pic pics",
    "movie film",
    "bike bicycle",
    "car automobile",
    "job occupation",
    "doctor physician",
    "phone telephone",
    "television tv",
    "holiday vacation",
    "store shop",
    "good better best",
    "bad worse worst",
    "happy glad",
    "big large",
    "begin start",
    "sick ill",
});

std::unordered_map<std::string_view, std::string_view> make_word_forms() {
  std::unordered_map<std::string_view, std::string_view> table;
  for (const std::string_view line : kForms) {
    const auto words = split(line, ' ');
    for (std::size_t i = 1; i < words.size(); ++i) table.emplace(words[i], words[0]);
  }
  return table;
}

}  // namespace

std::string_view base_form(std::string_view word) {
  static const auto table = make_word_forms();  // constant after its first use
  auto found = table.find(word);
  if (found == table.end() && word.ends_with('s')) {
    found = table.find(word.substr(0, word.size() - 1));  // "bicycles"
  }
  return found == table.end() ? word : found->second;
}

}  // namespace cortex::retrieval
