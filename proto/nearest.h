// The word that was probably meant. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace finishline {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other:
/// optimal string alignment (Damerau 1964, in the restricted form).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate with the smallest distance, the first among equals; "" when even that one differs in more
/// than a third of the word, and then it was hardly a slip.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "there is no server 'vide-1'; did you mean 'video-1'?", the question only where something is near.
std::string no_such(std::string_view kind, std::string_view word,
                    std::span<const std::string_view> candidates);
/// The same where each of `all` has the candidate that `name` takes from it.
template <class All, class Name>
std::string no_such(std::string_view kind, std::string_view word, const All& all, Name name) {
  std::vector<std::string_view> candidates;
  for (const auto& one : all) candidates.push_back(std::invoke(name, one));
  return no_such(kind, word, candidates);
}

}  // namespace finishline
