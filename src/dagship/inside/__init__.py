"""Programs that run inside an image, on the image's own Python: a folder for each. They import nothing of the rest.

Wherever one runs lie the folders that it needs and no other, in a package of another name: `inside` while an image is
built, `dagship_inside` beside DAG files, whose helpers may be called anything else; `versions` is `dagship_versions`.
"""
