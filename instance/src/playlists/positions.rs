//! Where do things stand after some of them were moved?

/// What is moved where: positions count from 1, and 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// The first that is moved.
    pub start: usize,
    /// After which it comes, counted before the move.
    pub insert_after: usize,
    /// How many are moved.
    pub length: usize,
}

/// The list after a move. `None` if there is nothing at one of the positions.
pub(super) fn moved<T: Clone>(list: &[T], step: Move) -> Option<Vec<T>> {
    let first = step.start.checked_sub(1)?;
    let end = first.checked_add(step.length).filter(|_| step.length > 0)?;
    let block = list.get(first..end)?;
    if step.insert_after > list.len() {
        return None;
    }
    // A block that is put into itself stays where it is.
    let target = if (first..end).contains(&step.insert_after) { first } else { step.insert_after };
    let mut result = Vec::with_capacity(list.len());
    let rest = list.iter().enumerate().filter(|(index, _)| !(first..end).contains(index));
    let mut is_placed = false;
    for (index, item) in rest {
        if index >= target && !is_placed {
            result.extend_from_slice(block);
            is_placed = true;
        }
        result.push(item.clone());
    }
    if !is_placed {
        result.extend_from_slice(block);
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(start: usize, insert_after: usize, length: usize) -> Option<Vec<u8>> {
        moved(&[1, 2, 3, 4, 5], Move { start, insert_after, length })
    }

    #[test]
    fn what_is_moved_comes_after_what_was_named() {
        assert_eq!(after(2, 4, 1), Some(vec![1, 3, 4, 2, 5]));
        assert_eq!(after(4, 0, 2), Some(vec![4, 5, 1, 2, 3]));
        assert_eq!(after(1, 5, 2), Some(vec![3, 4, 5, 1, 2]));
        assert_eq!(after(5, 1, 1), Some(vec![1, 5, 2, 3, 4]));
    }

    #[test]
    fn what_is_put_where_it_stands_stays() {
        for (start, insert_after, length) in [(2, 1, 1), (2, 2, 1), (2, 3, 2), (1, 0, 5), (5, 5, 1), (1, 5, 5)] {
            assert_eq!(
                after(start, insert_after, length),
                Some(vec![1, 2, 3, 4, 5]),
                "{start} {insert_after} {length}"
            );
        }
    }

    #[test]
    fn positions_where_nothing_stands_are_refused() {
        for (start, insert_after, length) in [(0, 1, 1), (6, 0, 1), (1, 6, 1), (4, 0, 3), (1, 2, 0), (1, 2, usize::MAX)]
        {
            assert_eq!(after(start, insert_after, length), None, "{start} {insert_after} {length}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_rest_keeps_its_order(size in 0_u8..20, start in 0_usize..22, to in 0_usize..22, length in 0_usize..22) {
            let list: Vec<u8> = (0..size).collect();
            if let Some(result) = moved(&list, Move { start, insert_after: to, length }) {
                let block: Vec<u8> = list.iter().copied().skip(start - 1).take(length).collect();
                let rest = |list: &[u8]| list.iter().copied().filter(|item| !block.contains(item)).collect::<Vec<_>>();
                prop_assert_eq!(rest(&result), rest(&list));
                let mut sorted = result.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, list);
                prop_assert!(result.windows(block.len()).any(|window| window == block));
            }
        }
    }
}
