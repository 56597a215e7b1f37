"""The clip as code: what it holds, its measures, its solids, its picture and its drawings.

`parts`, `layout`, `flex`, `fits`, `printing` and the drawings are plain arithmetic and run anywhere; `solids` and
`build` need build123d (`make hardware`).
"""
